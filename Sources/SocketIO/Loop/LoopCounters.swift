/// What is counted on one loop; touched only there.
///
/// Plain integers, because they are written for each message: metrics are made of them on an interval.
final class LoopCounters {
    /// What has happened; what there is at the moment is added when it is asked for.
    // Nobody holds an access to it while calling anything.
    @exclusivity(unchecked) var statistics = ServerStatistics()

    /// Every how many events the handlers are timed; 0 for never.
    private let handlerSampling: Int
    private var unsampled = 0

    init(handlerSampling: Int) {
        self.handlerSampling = handlerSampling
    }

    /// Whether to time the handler that is about to be called.
    func samplesHandler() -> Bool {
        guard handlerSampling > 0 else { return false }
        unsampled += 1
        guard unsampled == handlerSampling else { return false }
        unsampled = 0
        return true
    }
}
