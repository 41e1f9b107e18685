package sandbox

import "net/http"

// pageRoutes serves the page for people.
func (s *Server) pageRoutes(*http.ServeMux) {}
