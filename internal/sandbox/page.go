package sandbox

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page openapi.yaml
var pageFiles embed.FS

// pagePolicy lets the page load its own files and talk to its own server, and nothing else: what the platform was told is shown as it came.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageRoutes serves the page for people: a few files that use the control API and nothing else.
func (s *Server) pageRoutes(m *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic("sandbox: the page is not embedded: " + err.Error())
	}
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { servePage(w, r, files, "index.html") })
	m.HandleFunc("GET /page/{file}", func(w http.ResponseWriter, r *http.Request) { servePage(w, r, files, r.PathValue("file")) })
}

func servePage(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	if st, err := fs.Stat(files, name); err != nil || st.IsDir() {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, files, name) //nolint:gosec // of an embedded folder
}

// showOpenAPI serves the description of the control API.
func showOpenAPI(w http.ResponseWriter, _ *http.Request) {
	text, err := pageFiles.ReadFile("openapi.yaml")
	if err != nil {
		panic("sandbox: openapi.yaml is not embedded: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/yaml;charset=UTF-8")
	_, _ = w.Write(text)
}
