package sandbox

func noteAPIs() []api { return nil }

// tradeState is the part of the state that order notes and addresses keep.
type tradeState struct{}

func newTradeState() tradeState { return tradeState{} }

// tradeEntry is the journal's part of it.
type tradeEntry struct{}

func (s *Server) saveTrade(func(entry)) {}

func (s *Server) replayTrade(*tradeEntry) {}
