package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
)

// oauthRoutes serves the page on which the owner of a buyer account allows an app to act for it.
func (s *Server) oauthRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /oauth/authorize", s.showAuthorise)
	m.HandleFunc("POST /oauth/authorize", s.postAuthorise)
}

var authorisePage = template.Must(template.New("authorise").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.4rem 1.2rem;margin-right:.6rem}</style></head><body>
<h1>{{.Title}}</h1>{{if .Key}}
<p>App <b>{{.Key}}</b> asks to act for the 1688 account <b>{{.Login}}</b> (simulated). It will be sent to <code>{{.Redirect}}</code>.</p>
<form method="post"><input type="hidden" name="client_id" value="{{.Key}}"><input type="hidden" name="site" value="1688">
<input type="hidden" name="redirect_uri" value="{{.Redirect}}"><input type="hidden" name="state" value="{{.State}}">
<button name="answer" value="allow">Allow</button><button name="answer" value="refuse">Refuse</button></form>
{{else}}<p>{{.Text}}</p>{{end}}</body></html>`))

type authoriseView struct{ Title, Text, Key, Login, Redirect, State, answer string }

// readAuthorise checks the request; a view without a key is the page that says what is wrong.
func (s *Server) readAuthorise(w http.ResponseWriter, r *http.Request) (authoriseView, *url.URL, *app) {
	f, err := readForm(w, r)
	if err != nil {
		return authoriseView{Title: "illegal request", Text: err.Error()}, nil, nil
	}
	key, redirect := f.args.Get("client_id"), f.args.Get("redirect_uri")
	for _, p := range []string{"client_id", "site", "redirect_uri"} {
		if f.args.Get(p) == "" {
			return authoriseView{Title: "missing parameter", Text: p + " is missing"}, nil, nil
		}
	}
	s.mu.Lock()
	a := s.apps[key]
	s.mu.Unlock()
	to, err := url.Parse(redirect)
	switch {
	case a == nil:
		return authoriseView{Title: "illegal request", Text: "client_id is unknown"}, nil, nil
	case f.args.Get("site") != "1688":
		return authoriseView{Title: "illegal request", Text: "site must be 1688"}, nil, nil
	case err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" || !a.sameHost(to):
		return authoriseView{Title: "illegal request", Text: "redirect_uri is not the registered one"}, nil, nil
	}
	return authoriseView{Title: "Authorise an application", Key: key, Login: a.buyer.login, Redirect: redirect, State: f.args.Get("state"), answer: f.args.Get("answer")}, to, a
}

// sameHost tells whether the address belongs to the registered one.
func (a *App) sameHost(to *url.URL) bool {
	if a.RedirectURI == "" {
		return true
	}
	reg, err := url.Parse(a.RedirectURI)
	return err == nil && reg.Host == to.Host
}

func (s *Server) showAuthorise(w http.ResponseWriter, r *http.Request) {
	v, _, _ := s.readAuthorise(w, r)
	writeAuthorise(w, &v)
}

func writeAuthorise(w http.ResponseWriter, v *authoriseView) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	if v.Key == "" {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = authorisePage.Execute(w, v) // the reader may be gone
}

func (s *Server) postAuthorise(w http.ResponseWriter, r *http.Request) {
	v, to, a := s.readAuthorise(w, r)
	if v.Key == "" {
		writeAuthorise(w, &v)
		return
	}
	q := to.Query()
	if v.answer == "refuse" {
		q.Set("error", "access_denied")
	} else {
		s.mu.Lock()
		q.Set("code", s.hand("code", a, codeLife).Text)
		s.commit()
		s.mu.Unlock()
	}
	if v.State != "" {
		q.Set("state", v.State)
	}
	to.RawQuery = q.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound) //nolint:gosec // the host was held against the registered one; that is what the page is for
}
