import Testing

@testable import DockerTools

struct ProgressLineTests {
    @Test func showsTheLayerTheBytesAndTheirRate() {
        var line = ProgressLine(number: 2, count: 4, title: "glibc", size: 1_000_000, bytesBefore: 500_000)
        #expect(line.text(seconds: 0, columns: 80) == "[######------------------] 2/4  500.0 kB  glibc")
        line.bytes = 500_000
        #expect(line.text(seconds: 2, columns: 80) == "[#########---------------] 2/4  1.0 MB  500.0 kB/s  glibc")
        line.bytes = 1_000_000
        #expect(line.text(seconds: 2, columns: 80) == "[############------------] 2/4  1.5 MB  750.0 kB/s  glibc")
    }

    @Test func isFullAtTheEndAndNeverFuller() {
        let full = "[########################] 1/1  2 B  x"
        #expect(ProgressLine(number: 1, count: 1, title: "x", size: 2, bytes: 2).text(seconds: 0, columns: 80) == full)
        #expect(
            ProgressLine(number: 1, count: 1, title: "x", size: 1, bytes: 2).text(seconds: 0, columns: 80) == full)
    }

    @Test func showsHowMuchOfAllUploadsIsDone() {
        var line = ProgressLine(uploading: 3, size: 4_000_000)
        #expect(line.text(seconds: 0, columns: 80) == "[------------------------] 0/3  0 B of 4.0 MB")
        (line.number, line.bytes) = (1, 1_000_000)
        #expect(line.text(seconds: 2, columns: 80) == "[######------------------] 1/3  1.0 MB of 4.0 MB  500.0 kB/s")
        line.bytes = 5_000_000
        #expect(line.text(seconds: 0, columns: 80) == "[########################] 1/3  5.0 MB of 5.0 MB")
    }

    @Test func isEmptyBeforeTheFirstLayerAndForEmptyOnes() {
        let empty = "[------------------------] 0/0  0 B  "
        #expect(ProgressLine(number: 0, count: 0, title: "", size: 0).text(seconds: 9, columns: 80).hasPrefix("[----"))
        #expect(ProgressLine(number: 0, count: 0, title: "", size: 0).text(seconds: 0, columns: 80) == empty)
        #expect(
            ProgressLine(number: 1, count: 2, title: "x", size: 0).text(seconds: 0, columns: 80)
                == "[------------------------] 1/2  0 B  x")
    }

    @Test func fitsTheTerminalOnOneLine() {
        let line = ProgressLine(number: 1, count: 2, title: "a\nvery long title", size: 10)
        #expect(line.text(seconds: 0, columns: 40).count == 40)
        #expect(line.text(seconds: 0, columns: 3) == "[--")
        #expect(!line.text(seconds: 0, columns: 200).contains("\n"))
    }
}
