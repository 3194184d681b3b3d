import Testing

@testable import EngineIO

@Suite struct WebSocketClosingTests {
    @Test func theConnectionIsClosedWhenBothHaveClosed() {
        var first = WebSocketClosing(hasPeerClosed: false)
        #expect(!first.isSent)
        #expect(first.frameLeft() == false)
        #expect(first.isSent)
        #expect(first.peerClosed() == true)
        var crossing = WebSocketClosing(hasPeerClosed: false)
        #expect(crossing.peerClosed() == false)
        #expect(crossing.frameLeft() == true)
        var answering = WebSocketClosing(hasPeerClosed: true)
        #expect(answering.frameLeft() == true)
    }
}
