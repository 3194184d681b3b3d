/// What a member may do in its room, in classes.
enum Role: String, Codable, Sendable, CaseIterable {
    /// Runs the room.
    case host
    /// Keeps order.
    case moderator
    /// Takes part.
    case member
    /// Reads and listens.
    case guest

    /// Whether it may do what needs a permission.
    func may(_ permission: Permission) -> Bool {
        switch permission {
        case .read: true
        case .takePart: self != .guest
        case .moderate: self == .host || self == .moderator
        case .govern: self == .host
        }
    }

    /// Whether it stands above another, so that it may remove and mute those who have that.
    func isAbove(_ other: Self) -> Bool {
        switch self {
        case .host: true
        case .moderator: other == .member || other == .guest
        case .member, .guest: false
        }
    }
}

/// What a request needs to be allowed.
enum Permission: Sendable, CaseIterable {
    /// To read and search the history, raise a hand, show a feeling, change one's name.
    case read
    /// To say something, change what one has said, and take part in the call.
    case takePart
    /// To take back what others have said, lock the room, let people in, remove and mute them, and
    /// lower their hands.
    case moderate
    /// To change the room's settings and the members' roles.
    case govern
}
