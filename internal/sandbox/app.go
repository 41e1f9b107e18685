package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// App is one application of the simulated open platform. Only Key and Secret are needed.
type App struct {
	Key         string   `json:"key"`
	Secret      string   `json:"secret"`
	Token       string   `json:"token,omitempty"`       // permanent access token of its only user; "" = a single-user app, which needs none
	Profile     string   `json:"profile,omitempty"`     // "" or ProfileNationalSite
	Rate        float64  `json:"rate,omitempty"`        // calls per second before gw.QosAppFrequencyLimit; 0 = no limit
	Burst       int      `json:"burst,omitempty"`       // calls at once; default: one second's worth
	Limits      []Limit  `json:"limits,omitempty"`      // of single APIs: gw.QosRequestLimit
	Allow       []string `json:"allow,omitempty"`       // APIs the app may call, see App.Deny; empty = all
	Deny        []string `json:"deny,omitempty"`        // names, namespaces or prefixes ending in *, of APIs refused with gw.APIACLDecline
	RedirectURI string   `json:"redirectUri,omitempty"` // registered address: the authorisation page goes to this host only; "" = to any
	Callbacks   []string `json:"callbacks,omitempty"`   // URLs that get this app's messages, beside Options.Subscribers, which get all
}

// Limit is the allowance of one API.
type Limit struct {
	API   string  `json:"api"`
	Rate  float64 `json:"rate"`
	Burst int     `json:"burst,omitempty"`
}

// ProfileNationalSite marks an app that is asked and answered in the shapes of the national-site documents.
const ProfileNationalSite = "national-site"

// app is an App with the buyer account behind its token.
type app struct {
	App
	buyer  buyer
	bucket *bucket
	limits []apiLimit
}

func (a *App) check() error {
	if a.Key == "" || a.Secret == "" || strings.ContainsAny(a.Key, "/?#% ") {
		return errors.New("an app needs a key, without / ? # % or spaces, and a secret")
	}
	if a.Profile != "" && a.Profile != ProfileNationalSite {
		return fmt.Errorf("app %s: unknown profile %q", a.Key, a.Profile)
	}
	if a.Rate < 0 || a.Burst < 0 {
		return fmt.Errorf("app %s: rate and burst must not be negative", a.Key)
	}
	for _, l := range a.Limits {
		if l.API == "" || l.Rate <= 0 || l.Burst < 0 {
			return fmt.Errorf("app %s: a limit needs api and rate", a.Key)
		}
	}
	for _, u := range a.Callbacks {
		if p, err := url.Parse(u); err != nil || p.Host == "" {
			return fmt.Errorf("app %s: callback %q is not a URL", a.Key, u)
		}
	}
	return nil
}

// ParseApps reads "key:secret:token:profile,key:secret:token"; the token may be left out for a single-user app, the profile is optional.
func ParseApps(text string) ([]App, error) {
	var apps []App
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		f := strings.Split(part, ":")
		if len(f) < 2 || len(f) > 4 {
			return nil, fmt.Errorf("sandbox: app %d is not key:secret:token:profile", len(apps)+1)
		}
		a := App{Key: f[0], Secret: f[1]}
		if len(f) > 2 {
			a.Token = f[2]
		}
		if len(f) > 3 {
			a.Profile = f[3]
		}
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("sandbox: app %d: %w", len(apps)+1, err)
		}
		apps = append(apps, a)
	}
	return apps, nil
}

// ReadApps reads a JSON file with a list of apps: the fields of App, in lower camel case.
func ReadApps(file string) ([]App, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	var apps []App
	if err := json.Unmarshal(raw, &apps); err != nil {
		return nil, fmt.Errorf("sandbox: %s: %w", file, err)
	}
	return apps, nil
}

// setApps starts with the apps of the options.
func (s *Server) setApps() error {
	s.apps, s.appKeys = map[string]*app{}, nil
	for _, l := range s.lanes {
		if l.app != "" {
			l.url = ""
		}
	}
	for _, a := range s.opt.Apps {
		if s.apps[a.Key] != nil {
			return fmt.Errorf("sandbox: app %s is listed twice", a.Key)
		}
		if err := a.check(); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		s.keepApp(a)
	}
	return nil
}

// keepApp adds an app or replaces the one with its key. The caller holds mu.
func (s *Server) keepApp(a App) {
	if s.apps[a.Key] == nil {
		s.appKeys = append(s.appKeys, a.Key)
	}
	n := &app{App: a, buyer: newBuyer(a.Key)}
	if a.Rate > 0 {
		n.bucket = newBucket(a.Rate, a.Burst)
	}
	for _, l := range a.Limits {
		n.limits = append(n.limits, apiLimit{l.API, newBucket(l.Rate, l.Burst)})
	}
	s.apps[a.Key] = n
	s.setCallbacks(a.Key, a.Callbacks)
}

// Apps returns the applications this sandbox accepts, in the order in which it learned of them.
func (s *Server) Apps() []App {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []App{}
	for _, k := range s.appKeys {
		out = append(out, s.apps[k].App)
	}
	return out
}

// mayCall is the access list of an app.
func (a *App) mayCall(p *api) bool {
	fits := func(pattern string) bool {
		if head, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(p.name, head) || strings.HasPrefix(p.ns+":"+p.name, head)
		}
		return pattern == p.ns || pattern == p.ns+":"+p.name || sameAPI(pattern, p.name)
	}
	return !slices.ContainsFunc(a.Deny, fits) && (len(a.Allow) == 0 || slices.ContainsFunc(a.Allow, fits))
}

func (s *Server) showApps(*http.Request, []byte) (any, error) {
	out := []obj{}
	for _, k := range s.appKeys {
		a := s.apps[k]
		out = append(out, obj{"app": a.App, "memberId": a.buyer.memberID, "resourceOwner": a.buyer.login, "code": AuthCode(k)})
	}
	return obj{"apps": out}, nil
}

func (s *Server) postApp(r *http.Request, body []byte) (any, error) {
	var a App
	if err := read(body, &a); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	s.keepApp(a)
	s.ownApps[a.Key] = a
	s.dirty.Apps = []App{a}
	return s.showApps(r, nil)
}
