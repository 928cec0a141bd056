/// Rows of text in aligned columns, two blanks between them.
public struct TextTable: CustomStringConvertible, Sendable {
    /// Where the text of a column stands.
    public enum Alignment: Sendable {
        case left
        /// For sizes and other numbers.
        case right
    }

    /// One column.
    public struct Column: Sendable {
        public let title: String
        public let alignment: Alignment

        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    public init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row. Cells beyond the columns are left out, missing ones are empty; what would break a line or move the
    /// cursor of a terminal is replaced.
    public mutating func add(_ cells: [String]) {
        rows.append(columns.indices.map { $0 < cells.count ? cells[$0].onOneLine : "" })
    }

    /// The table with its titles, unless all of them are empty; each line ends in a newline and in no blanks.
    public var description: String {
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
