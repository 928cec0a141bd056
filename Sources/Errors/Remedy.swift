/// What the reader of an error can do about it: text that may name settings of the library.
///
/// A command line calls a setting by its flag, a program by its property; so the text holds the setting itself:
/// `"name another file with \(.output)"`.
public struct Remedy: ExpressibleByStringInterpolation, Equatable, Sendable {
    fileprivate enum Part: Equatable, Sendable {
        case text(String)
        case setting(Setting)
    }

    /// Collects the parts of a string literal.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var parts: [Part] = []

        /// Creates an empty collection.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// Adds a text.
        public mutating func appendLiteral(_ literal: String) { parts.append(.text(literal)) }
        /// Adds a setting.
        public mutating func appendInterpolation(_ setting: Setting) { parts.append(.setting(setting)) }
        /// Adds the parts of another remedy.
        public mutating func appendInterpolation(_ remedy: Remedy) { parts += remedy.parts }
        /// Adds the text of a value.
        public mutating func appendInterpolation(_ value: some Any) {
            parts.append(.text("\(value)"))
        }
    }

    private let parts: [Part]

    /// Creates a remedy without settings.
    public init(_ text: String) { parts = [.text(text)] }
    /// Creates a remedy from a literal.
    public init(stringLiteral text: String) { self.init(text) }
    /// Creates a remedy from an interpolated literal.
    public init(stringInterpolation: StringInterpolation) { parts = Self.joined(stringInterpolation.parts) }

    /// The parts with neighboring texts as one, so that equal texts are equal remedies.
    private static func joined(_ parts: [Part]) -> [Part] {
        parts.reduce(into: []) { joined, part in
            if case .text(let text) = part, case .text(let before) = joined.last {
                joined[joined.count - 1] = .text(before + text)
            } else {
                joined.append(part)
            }
        }
    }

    /// The text.
    ///
    /// - Parameter name: how a setting is called.
    public func text(naming name: (Setting) -> String) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .setting(let setting): name(setting)
            }
        }.joined()
    }
}

extension Remedy: CustomStringConvertible {
    /// The text, settings by their names in the library.
    public var description: String { text { "\($0)" } }
}

/// A setting of the library that a remedy may name.
public enum Setting: String, CaseIterable, Sendable, CustomStringConvertible {
    case accelerator, architecture, authFile, buildVerb, certificateDirectory, credentials, finalImageName
    case finalImageTag, format, host, jsonFile, keep, kernel, lastWins, maxLayerSize, maxRatio, mediaTypes
    case modules, noBuildArgs, noRemoteCache, olderThan, os, output, overrides, sha256, spec, timeout, tlsVerify,
        variant
    case vmBootTimeout, vmNetwork, vmTimeout

    /// The name of the property that has the setting.
    public var description: String { rawValue }
}

extension Remedy {
    /// Joins two remedies.
    public static func + (left: Remedy, right: Remedy) -> Remedy { "\(left)\(right)" }
}
