package sandbox

import "net/http"

// cashierRoutes serves the pages behind pay links.
func (s *Server) cashierRoutes(*http.ServeMux) {}
