import Testing

@testable import LinkUpServer

/// Addresses as pictures; that readers read them is tested in `Interop/`.
@Suite
struct QRCodeTests {
    /// How many bytes fit into the versions of the standard, at medium correction.
    @Test(arguments: [(1, 21), (14, 21), (15, 25), (26, 25), (27, 29), (42, 29), (43, 33), (504, 85), (512, 89)])
    func theSizeIsThatOfTheStandard(length: Int, size: Int) throws {
        #expect(try #require(QRCode(String(repeating: "a", count: length))).size == size)
    }

    @Test(arguments: ["", String(repeating: "a", count: QRCode.maximumLength + 1), "a\0b"])
    func whatCanNotBeDrawnIsNot(text: String) {
        #expect(QRCode(text) == nil)
    }

    @Test
    func threeCornersHaveTheirPatterns() throws {
        let code = try #require(QRCode("https://example.org/r/tea"))
        let last = code.size - 7
        for (top, left) in [(0, 0), (0, last), (last, 0)] {
            let ring = (0..<7).map { code.isDark(row: top, column: left + $0) }
            #expect(ring == Array(repeating: true, count: 7))
            #expect(code.isDark(row: top + 3, column: left + 3) && !code.isDark(row: top + 1, column: left + 1))
        }
        for (row, column) in [(-1, 0), (0, -1), (code.size, 0), (0, code.size)] {
            #expect(!code.isDark(row: row, column: column), "it is light around the code")
        }
    }

    @Test
    func aTerminalShowsTwoRowsInALine() throws {
        let code = try #require(QRCode("x"))
        let lines = code.terminalLines
        #expect(lines.count == 15 && code.terminalWidth == 29)
        for line in lines {
            #expect(line.hasPrefix("\u{1B}[38;5;16;48;5;231m") && line.hasSuffix("\u{1B}[0m"))
            #expect(line.count(where: { " █▀▄".contains($0) }) == 29)
        }
    }

    @Test
    func thePictureIsPlain() throws {
        let svg = try #require(QRCode("x")).svg
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 29 29\""))
        #expect(svg.hasSuffix("</svg>\n") && !svg.contains("script") && !svg.contains("href"))
    }
}
