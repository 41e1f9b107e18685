package app

import (
	"fmt"
	"io"
	"strings"
)

// Banner tells a person at the terminal what runs where, and gives the first commands to try.
func (a *App) Banner(out io.Writer) {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("")
	line("  Entrepot %s is ready: %s   (docs: %s/docs)", version, a.URL(), a.URL())
	for _, part := range a.embedded() {
		line("  embedded  %s", part)
	}
	if a.firstRun.Password != "" {
		line("")
		line("  First staff member: login %s, password %s  (printed once)", a.firstRun.Login, a.firstRun.Password)
	}
	if a.firstRun.Token != "" {
		line("")
		line("  First-run link, good once within 24 h and until somebody signs in (make demo does); it answers a staff token:")
		line("    curl -s -X POST %s/admin/v1/sessions/first-run -H 'Content-Type: application/json' -d '{\"token\":\"%s\"}'", a.URL(), a.firstRun.Token)
	}
	if a.cfg.SiteKeys["demo-japan"] != "" {
		line("")
		line("  Try it as a shopper of the Japanese site:")
		line("    curl -s '%s/v1/search?keyword=%s' -H 'X-Site-Key: demo-japan'", a.URL(), "%E3%83%90%E3%83%83%E3%82%B0")
		line("    curl -s -X POST %s/v1/accounts -H 'X-Site-Key: demo-japan' -H 'Content-Type: application/json' \\", a.URL())
		line("      -d '{\"loginName\":\"hanako\",\"password\":\"correct horse 1\",\"email\":\"hanako@example.com\"}'      # answers a token")
		line("    curl -s -X POST %s/v1/orders/preview -H 'X-Site-Key: demo-japan' -H \"Authorization: Bearer $TOKEN\" \\", a.URL())
		line("      -H 'Content-Type: application/json' -d '{\"items\":[{\"offerId\":\"...\",\"skuId\":\"...\",\"quantity\":10}]}'")
		line("    curl -s -X POST %s/v1/orders -H 'X-Site-Key: demo-japan' -H \"Authorization: Bearer $TOKEN\" -H 'Idempotency-Key: first' \\", a.URL())
		line("      -H 'Content-Type: application/json' -d '{\"previewToken\":\"...\",\"address\":{\"fullName\":\"Hanako\",\"phone\":\"0312345678\",\"postCode\":\"1000001\",\"province\":\"Tokyo\",\"city\":\"Chiyoda\",\"address\":\"1-1\"}}'")
		line("  Or let `make demo` play the whole story against this server.")
	}
	line("")
	_, _ = io.WriteString(out, b.String()) // a closed terminal is no reason to stop
}

func (a *App) embedded() (parts []string) {
	if a.cfg.Database == "" {
		parts = append(parts, "database   SQLite in "+a.cfg.DataDir+"            ENTREPOT_DATABASE_DSN takes MySQL")
	}
	if a.queue.Embedded() {
		parts = append(parts, "queue      in-process Redis             ENTREPOT_REDIS_URL takes a real one")
	}
	if a.sandbox != nil {
		parts = append(parts, "1688       simulator at "+a.SandboxURL()+"/sandbox/v1/state   ENTREPOT_ALIBABA_URL takes 1688")
	}
	return parts
}
