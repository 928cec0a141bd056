import Archives
import Images

extension ImageSpec {
    /// The environment of a script that runs with the image as `/`: the image's own variables over those that programs
    /// expect to find.
    func environmentOfRoot(on base: BaseImage?) -> [String] {
        let config = ImageConfig(
            created: "", architecture: "", runtime: config, history: [], base: base?.config(for: self)
        ).json(diffIDs: [])["config"]
        let own = config?["Env"]?.strings ?? []
        let defaults = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
            "SOURCE_DATE_EPOCH=\(mtime)",
        ]
        return defaults.filter { variable in
            !own.contains { $0.prefix { $0 != "=" } == variable.prefix { $0 != "=" } }
        } + own
    }
}
