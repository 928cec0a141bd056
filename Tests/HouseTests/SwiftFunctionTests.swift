import Testing

@Suite("Length of functions")
struct SwiftFunctionTests {
    @Test("A function counts from its first line to its closing brace")
    func functionsAreMeasured() {
        let text = """
            struct A {
                func one() -> Int { 1 }

                init(
                    _ a: Int
                ) throws {
                    func inner() {
                        print(a)
                    }
                }

                @inlinable static func two<T>(_ t: T)
                    where T: Sendable
                {
                    print(t)
                }
                func requirement() throws
                let initial = make(1)
            }
            """
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let found = SwiftFunction.all(in: lines)
        #expect(found.map(\.line) == [2, 4, 7, 12])
        #expect(found.map(\.length) == [1, 7, 3, 5])
    }
}
