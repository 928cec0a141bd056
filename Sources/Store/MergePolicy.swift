/// What stays where several trees have something at one place. Folders that meet are merged whatever the policy.
public enum MergePolicy: Sendable {
    /// The first stays, and gives a folder its mode.
    case firstWins
    /// The last stays, and gives a folder its mode; links to folders are things like all others.
    case laterWins
    /// The last stays, but a folder goes through an earlier tree's link to a folder (rsync's `--keep-dirlinks`).
    case laterWinsThroughLinks

    /// What stays of things at one place, in the order of their trees.
    ///
    /// - Returns: the index of the one that stays, the indices of the folders that are merged if it is one, and whether a
    ///   person should hear that something was left out.
    func choose(_ areFolders: [Bool]) -> (winner: Int, folders: [Int], isClash: Bool) {
        let isMixed = areFolders.contains(true) && areFolders.contains(false)
        let all = Array(areFolders.indices)
        switch self {
        case .firstWins:
            let folders = areFolders.first == true ? all.filter { areFolders[$0] } : []
            return (0, folders, isMixed || areFolders.count > 1 && !areFolders[0])
        case .laterWins, .laterWinsThroughLinks:
            // What was there before the last thing that is no folder has gone with it.
            let begin = areFolders.lastIndex(of: false).map { $0 + 1 } ?? 0
            return (areFolders.count - 1, Array(all[begin...]), isMixed)
        }
    }
}
