/// What a member asks of its room, besides joining and leaving.
enum RoomRequest: Equatable, Sendable {
    /// To read the history, or to search it.
    case read
    /// To say so many bytes.
    case say(byteCount: Int)
    /// To change what one has said oneself, into so many bytes.
    case amend(byteCount: Int)
    /// To take back what anybody has said.
    case clear
    /// To tell the others that one begins or ceases to type.
    case typing(Bool)
    /// To be called something else.
    case name(DisplayName)
    /// To raise a hand or lower it.
    case hand(Bool)
    /// To show a feeling, for a moment.
    case react(Reaction)
    /// To say what one sends, and whether one records.
    case status(MediaStatus)
    /// To leave the call.
    case exit
    /// To send a member of the call a signal of so many bytes.
    case signal(to: MemberID, byteCount: Int)
    /// To take nobody new, or to do it again.
    case lock(Bool)
    /// To change the settings; `nil` leaves one as it is.
    case settings(waiting: Bool?, newcomers: Role?)
    /// To let in somebody who waits.
    case admit(MemberID)
    /// To turn away somebody who waits.
    case deny(MemberID)
    /// To give a member a role.
    case role(MemberID, Role)
    /// To put a member out.
    case remove(MemberID)
    /// To ask a member to send no sound.
    case mute(MemberID)
    /// To lower the hand of a member, or all hands.
    case lower(MemberID?)

    /// What it takes to be allowed this.
    var permission: Permission {
        switch self {
        case .read, .name, .hand, .react, .exit: .read
        case .say, .amend, .typing, .status, .signal: .takePart
        case .clear, .lock, .admit, .deny, .remove, .mute, .lower: .moderate
        case .settings, .role: .govern
        }
    }
}
