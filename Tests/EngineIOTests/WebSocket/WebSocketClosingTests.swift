import Testing

@testable import EngineIO

@Suite struct WebSocketClosingTests {
    @Test func theConnectionIsClosedWhenBothHaveClosed() {
        var first = WebSocketClosing(.server)
        #expect(!first.isSent)
        #expect(first.frameLeft() == .awaitPeer)
        #expect(first.isSent)
        #expect(first.peerClosed() == true)
        var crossing = WebSocketClosing(.server)
        #expect(crossing.peerClosed() == false)
        #expect(crossing.frameLeft() == .close)
        var answering = WebSocketClosing(.peer)
        #expect(answering.frameLeft() == .close)
    }

    @Test func whoBrokeTheRulesSeesTheEndAtOnce() {
        var closing = WebSocketClosing(.violation)
        #expect(closing.frameLeft() == .closeOutput)
    }
}
