package sandbox

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"
)

// FromEnv reads the ENTREPOT_SANDBOX_* variables listed in docs/sandbox.md; unset ones keep their defaults.
func FromEnv(get func(string) string) (Options, error) {
	o := Options{
		Addr: get("ENTREPOT_SANDBOX_ADDR"), PublicURL: get("ENTREPOT_SANDBOX_PUBLIC_URL"), Dir: get("ENTREPOT_SANDBOX_DIR"),
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Warm: true,
	}
	var err error
	if v := get("ENTREPOT_SANDBOX_SEED"); v != "" {
		if o.Seed, err = strconv.ParseInt(v, 10, 64); err != nil {
			return o, fmt.Errorf("ENTREPOT_SANDBOX_SEED: %w", err)
		}
	}
	if v := get("ENTREPOT_SANDBOX_OFFERS"); v != "" {
		if o.Offers, err = strconv.Atoi(v); err != nil {
			return o, fmt.Errorf("ENTREPOT_SANDBOX_OFFERS: %w", err)
		}
	}
	if v := get("ENTREPOT_SANDBOX_AUTO_ADVANCE"); v != "" {
		if o.AutoAdvance, err = time.ParseDuration(v); err != nil {
			return o, fmt.Errorf("ENTREPOT_SANDBOX_AUTO_ADVANCE: %w", err)
		}
	}
	if o.Apps, err = ParseApps(get("ENTREPOT_SANDBOX_APPS")); err != nil {
		return o, fmt.Errorf("ENTREPOT_SANDBOX_APPS: %w", err)
	}
	if file := get("ENTREPOT_SANDBOX_APPS_FILE"); file != "" {
		more, err := ReadApps(file)
		if err != nil {
			return o, fmt.Errorf("ENTREPOT_SANDBOX_APPS_FILE: %w", err)
		}
		o.Apps = append(o.Apps, more...)
	}
	if v := get("ENTREPOT_SANDBOX_CHAOS"); v != "" {
		if o.Chaos, o.ChaosSeed, err = parseChaos(v); err != nil {
			return o, fmt.Errorf("ENTREPOT_SANDBOX_CHAOS: %w", err)
		}
	}
	for u := range strings.SplitSeq(get("ENTREPOT_SANDBOX_CALLBACKS"), ",") {
		if u = strings.TrimSpace(u); u != "" {
			o.Subscribers = append(o.Subscribers, u)
		}
	}
	return o.withDefaults(), nil
}

// Banner is the text printed at start: where things are and the keys that open them. They are made up, so printing them is fine.
func (s *Server) Banner(addr string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "simulated 1688 on http://%s (seed %d, %d offers)\n", addr, s.opt.Seed, s.opt.Offers)
	fmt.Fprintf(&b, "  gateway  http://%s/openapi\n  control  http://%s/sandbox/v1/state\n", addr, addr)
	for _, a := range s.opt.Apps {
		fmt.Fprintf(&b, "  app key %s  secret %s  token %s\n", a.Key, a.Secret, a.Token)
	}
	if s.opt.Chaos > 0 {
		fmt.Fprintf(&b, "  random faults at level %d, seed %d: ENTREPOT_SANDBOX_CHAOS=%d:%d repeats them\n", s.opt.Chaos, s.opt.ChaosSeed, s.opt.Chaos, s.opt.ChaosSeed)
	}
	for _, u := range s.opt.Subscribers {
		fmt.Fprintf(&b, "  messages to %s\n", u)
	}
	return b.String()
}
