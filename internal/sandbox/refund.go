package sandbox

// refundState is the part of the state that refunds keep.
type refundState struct{}

func newRefundState() refundState { return refundState{} }

// refundEntry is the journal's part of it.
type refundEntry struct{}

func (s *Server) saveRefunds(func(entry)) {}

func (s *Server) replayRefunds(*refundEntry) {}
