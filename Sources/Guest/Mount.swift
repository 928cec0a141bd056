import CGuest
import Failures
import Glibc

/// mount(2), whose errors say what was to be mounted.
enum Mount {
    static func make(
        _ source: String, at target: String, type: String, options: String = "", isReadOnly: Bool = false
    ) throws {
        let result =
            isReadOnly
            ? cguest_mount_read_only(source, target, type, options) : cguest_mount(source, target, type, options)
        guard result == 0 else { throw Failure.io("cannot mount \(source) at \(target) as \(type)") }
    }

    /// Without programs, devices and setuid in it.
    static func makeRestricted(_ type: String, at target: String, isReadOnly: Bool = false) throws {
        guard cguest_mount_restricted(type, target, type, isReadOnly ? 1 : 0) == 0 else {
            throw Failure.io("cannot mount \(target)")
        }
    }

    /// A folder at another place.
    static func bind(_ source: String, at target: String, isReadOnly: Bool = false) throws {
        guard cguest_bind(source, target, isReadOnly ? 1 : 0) == 0 else {
            throw Failure.io("cannot mount \(source) at \(target)")
        }
    }

    static func remove(_ target: String) throws {
        guard cguest_unmount(target) == 0 else { throw Failure.io("cannot unmount \(target)") }
    }
}
