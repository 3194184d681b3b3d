extension QRCode {
    /// Light modules around a code, without which readers do not find it.
    private static let quietZone = 4

    /// The code as a picture in SVG: black on white, whatever the page around it looks like.
    public var svg: String {
        let side = size + 2 * Self.quietZone
        var path = ""
        for row in 0..<size {
            var column = 0
            while column < size {
                let start = column
                while isDark(row: row, column: column) { column += 1 }
                let left = start + Self.quietZone
                if column > start { path += "M\(left) \(row + Self.quietZone)h\(column - start)v1H\(left)z" }
                column += 1
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" shape-rendering="crispEdges">\
            <path fill="#fff" d="M0 0h\(side)v\(side)H0z"/><path d="\(path)"/></svg>

            """
    }

    /// How many columns of a terminal the code takes.
    public var terminalWidth: Int { size + 2 * Self.quietZone }

    /// The code as lines for a terminal: a character is two modules, one above the other.
    ///
    /// The colours are set, since a reader needs the dark on the light, and terminals are of both kinds.
    public var terminalLines: [String] {
        let zone = Self.quietZone
        let columns = -zone..<(size + zone)
        return stride(from: -zone, to: size + zone, by: 2).map { row in
            let blocks = columns.map { column in
                switch (isDark(row: row, column: column), isDark(row: row + 1, column: column)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            // Black on white, of the 256 colours: the first 16 are what a theme makes of them.
            return "\u{1B}[38;5;16;48;5;231m\(blocks.joined())\u{1B}[0m"
        }
    }
}
