import Images

extension DockerTools {
    /// Builds the image of a spec with one layer of its own: the contents are copied into the root.
    ///
    /// - Returns: the image. Most of its files are read when it is written.
    /// - Throws: `ToolError`: `data` for missing paths, `script` for a script that failed, `io` for unreadable files.
    public func build(_ spec: ImageSpec) async throws -> BuiltImage {
        try await run { try await spec.build(as: .build, in: context) }
    }

    /// Builds the image of a spec with one layer for each popular store path.
    ///
    /// - Returns: the image. Most of its files are read when it is written.
    /// - Throws: `ToolError`: `data` for missing paths, `script` for a script that failed, `io` for unreadable files.
    public func layered(_ spec: ImageSpec) async throws -> BuiltImage {
        try await run { try await spec.build(as: .layered, in: context) }
    }

    /// Writes an image that was built.
    ///
    /// - Throws: `ToolError`; there is no output then.
    @discardableResult
    public func write(_ image: BuiltImage, to destination: ImageDestination) async throws -> ImageResult {
        try await run {
            let form = try OutputForm.choose(for: destination, image.spec, context.reporter)
            let writer = ImageWriter(to: destination.path, name: image.spec.name, suffix: form.suffix, context)
            try writer.check(inputs: LoadedSpec(image.spec, as: .layered).inputs, jsonFile: destination.jsonFile)
            let result = try writer.write([image], form)
            try result.write(result.json, to: destination.jsonFile, context)
            return result
        }
    }

    /// Reads an image, or builds the image of a spec, and writes it.
    ///
    /// - Throws: `ToolError`; there is no output then.
    @discardableResult
    public func write(_ source: ImageSource, to destination: ImageDestination) async throws -> ImageResult {
        try await run {
            let source = try OpenedSource.open(source, context)
            let form = try OutputForm.choose(for: destination, source.spec, context.reporter)
            var writer = ImageWriter(to: destination.path, name: source.spec?.name ?? "", suffix: form.suffix, context)
            // A conflict is found before the work.
            try writer.check(inputs: source.inputs, jsonFile: destination.jsonFile)
            let image = try await source.image()
            if source.spec == nil {
                writer = ImageWriter(to: destination.path, name: image.name ?? "image", suffix: form.suffix, context)
                try writer.check(inputs: source.inputs, jsonFile: destination.jsonFile)
            }
            let result = try writer.write([image], form)
            try result.write(result.json, to: destination.jsonFile, context)
            return result
        }
    }
}
