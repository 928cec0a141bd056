import ArgumentParser
import Errors

/// The exit statuses of the program.
///
/// Source: sysexits.h for 64 to 74; a shell's convention, 128 plus the signal, for 130 and 143.
enum ExitStatus {
    /// The status for an error of the library.
    static func of(_ code: ToolError.Code) -> Int32 {
        switch code {
        case .script: 1
        case .usage: 64
        case .data: 65
        case .unavailable: 69
        case .io: 74
        }
    }

    /// The status after SIGINT.
    static let interrupted: Int32 = 130
    /// The status after SIGTERM.
    static let terminated: Int32 = 143

    /// Ends a command whose result has told the reason already.
    static func exit(_ code: ToolError.Code) -> ExitCode { ExitCode(of(code)) }
}

extension Setting {
    /// The flag of the command line that has the setting.
    var flag: String {
        switch self {
        case .accelerator: "--accel"
        case .architecture: "--arch"
        case .authFile: "--authfile"
        case .buildVerb: "--as"
        case .certificateDirectory: "--cert-dir"
        case .credentials: "--creds"
        case .finalImageName: "--final-image-name"
        case .finalImageTag: "--final-image-tag"
        case .format: "--format"
        case .host: "--host"
        case .jsonFile: "--json-file"
        case .keep: "--keep"
        case .kernel: "--kernel"
        case .lastWins: "--last-wins"
        case .maxLayerSize: "--max-layer-size"
        case .maxRatio: "--max-ratio"
        case .mediaTypes: "--media-types"
        case .modules: "--modules"
        case .noBuildArgs: "--no-build-args"
        case .noRemoteCache: "--no-remote-cache"
        case .olderThan: "--older-than"
        case .os: "--os"
        case .output: "--output"
        case .overrides: "--set"
        case .sha256: "--sha256"
        case .spec: "--spec"
        case .timeout: "--timeout"
        case .tlsVerify: "--tls-verify"
        case .variant: "--variant"
        case .vmBootTimeout: "--vm-boot-timeout"
        case .vmNetwork: "--vm-network"
        case .vmTimeout: "--vm-timeout"
        }
    }
}
