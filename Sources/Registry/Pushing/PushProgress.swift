import Images

/// Is told how a push goes on. It is called by several threads; a layer's bytes are told as `Progress` has it.
public protocol PushProgress: Progress {
    /// A layer is in the registry.
    ///
    /// - Parameters:
    ///   - number: how many are, from 1 on.
    ///   - count: how many layers the image has.
    func pushed(_ layer: PushedLayer, number: Int, of count: Int)
}

extension PushProgress {
    public func pushed(_ layer: PushedLayer, number: Int, of count: Int) {}
}
