import ByteIO

/// A table of text with aligned columns, separated by two spaces.
package struct TextTable: CustomStringConvertible, Sendable {
    /// The alignment of a column.
    package enum Alignment: Sendable {
        case left
        /// For sizes and other numbers.
        case right
    }

    /// A column: its title and its alignment.
    package struct Column: Sendable {
        package let title: String
        package let alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row. Cells beyond the last column are ignored, and missing cells are empty. Line breaks and control characters
    /// are replaced.
    package mutating func add(_ cells: [String]) {
        rows.append(columns.indices.map { $0 < cells.count ? cells[$0].onOneLine : "" })
    }

    /// The table with its titles; a table whose titles are all empty has no title line. Lines have no trailing spaces.
    package var description: String {
        let titles = columns.map(\.title)
        let lines = titles.allSatisfy(\.isEmpty) ? rows : [titles] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line($0, widths) + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let blanks = String(repeating: " ", count: widths[column] - cell.count)
            if column > 0 { line += "  " }
            line += columns[column].alignment == .right ? blanks + cell : cell + blanks
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// A number of bytes with a decimal unit: `999 B`, `1.2 kB`, `1.2 GB`. The text does not depend on the locale.
package struct ByteCount: CustomStringConvertible, Sendable {
    package let bytes: UInt64

    package init(_ bytes: UInt64) {
        self.bytes = bytes
    }

    /// The number with one decimal digit, rounded to the nearest; whole bytes below 1000.
    package var description: String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var unit: UInt64 = 1000
        for symbol in ["kB", "MB", "GB", "TB", "PB"] {
            let tenths = Self.tenths(bytes, of: unit)
            // A number that rounds to 1000.0 is written in the next unit.
            if tenths < 10_000 { return "\(tenths / 10).\(tenths % 10) \(symbol)" }
            unit *= 1000
        }
        let tenths = Self.tenths(bytes, of: unit)
        return "\(tenths / 10).\(tenths % 10) EB"
    }

    private static func tenths(_ bytes: UInt64, of unit: UInt64) -> UInt64 {
        let tenth = unit / 10
        let (whole, rest) = bytes.quotientAndRemainder(dividingBy: tenth)
        return whole + (rest >= tenth - rest ? 1 : 0)
    }
}
