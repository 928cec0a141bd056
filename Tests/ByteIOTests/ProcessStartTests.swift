import ByteIO
import Foundation
import Testing

@Suite("The start of the process")
struct ProcessStartTests {
    @Test("The arguments are those of the process")
    func arguments() {
        #expect(ProcessStart.arguments == Array(CommandLine.arguments.dropFirst()))
    }

    @Test("The executable is that of the process")
    func executable() {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        #expect(ProcessStart.executable?.string == link)
    }
}
