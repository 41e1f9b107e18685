package sandbox

func imageAPIs() []api { return nil }

// imageState is the part of the state that uploaded pictures keep.
type imageState struct{}

func newImageState() imageState { return imageState{} }

// imageEntry is the journal's part of it.
type imageEntry struct{}

func (s *Server) saveImages(func(entry)) {}

func (s *Server) replayImages(*imageEntry) {}
