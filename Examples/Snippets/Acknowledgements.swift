// The snippets of the article "Acknowledgements"; ArchitectureTests compares them.
import SocketIO

private struct Price: Codable, Sendable {
    var cents: Int
}

private func lookUp(_ article: String) async throws -> Price { Price(cents: article.count) }

private func answer(socket: Socket) {
    socket.on("price") { (article: String) async throws -> Price in
        try await lookUp(article)
    }
}

struct SoldOut: AcknowledgeableError, Encodable {
    var soldOut: String
}

private struct Receipt: Codable, Sendable {
    var article: String
}

private func takeFromStock(_ article: String) async throws -> Bool { !article.isEmpty }

private func refuse(socket: Socket) {
    socket.on("buy") { (article: String) async throws -> Receipt in
        guard try await takeFromStock(article) else { throw SoldOut(soldOut: article) }
        return Receipt(article: article)
    }
}

private struct User: Sendable {}

private struct NotLoggedIn: AcknowledgeableError, Encodable {
    var event: String
}

private func refuseAll(socket: Socket) {
    socket.use { event, _ in
        guard socket.data[User.self] != nil else { throw NotLoggedIn(event: event) }
    }
}

private func answerLater(socket: Socket) {
    socket.on("divide") { (arguments: SocketArguments, acknowledge: Acknowledge?) in
        let (a, b): (Double, Double) = (try arguments.decode(at: 0), try arguments.decode(at: 1))
        if b == 0 { acknowledge?("division by zero") } else { acknowledge?(JSONValue.null, a / b) }
    }
}

private func ask(socket: Socket) async throws {
    let name: String = try await socket.timeout(.seconds(5)).emitWithAck("who are you")
    print(name)
}

private func askAll(io: SocketIOServer) async throws {
    do {
        let votes: [Bool] = try await io.to("jury").timeout(.seconds(30)).emitWithAck("guilty?")
        print(votes.filter { $0 }.count, "of", votes.count)
    } catch let error as BroadcastTimeout {
        let votes = try error.decodeAnswers(as: Bool.self)
        print("only", votes.count, "answered")
    }
}

private func callBack(socket: Socket) {
    socket.timeout(.seconds(5)).emit("ping") { result in
        switch result {
        case .success(let arguments): print("answered with", arguments.count, "arguments")
        case .failure(let error): print("not answered:", error)
        }
    }
}
