package search

import (
	"net/netip"
	"net/url"
	"strings"

	"entrepot/internal/alibaba"
)

// maxURL bounds a link of 1688's, in bytes.
const maxURL = 2048

// httpsURL makes a link that an app may load: https, a public host by name, the usual port, nobody's password. Plain http
// and links without a scheme are upgraded. Loopback links (the simulated 1688) stay as they are. Anything else is "".
func httpsURL(link string) string {
	if isPlain(link) {
		return link
	}
	u := parseURL(link)
	if u == nil {
		return ""
	}
	if u.Scheme != "" && isLoopback(u.Hostname()) {
		return u.String()
	}
	return upgrade(u)
}

// publicURL is httpsURL without the exception for loopback: for what sellers write.
func publicURL(link string) string {
	if isPlain(link) {
		return link
	}
	u := parseURL(link)
	if u == nil {
		return ""
	}
	return upgrade(u)
}

// isPlain reports whether link is one that upgrade would leave as it is, without taking it apart: most are.
func isPlain(link string) bool {
	rest, ok := strings.CutPrefix(link, "https://")
	if !ok || len(link) > maxURL {
		return false
	}
	host, path, _ := strings.Cut(rest, "/")
	for i := range len(path) {
		if c := path[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '-' || c > '9') && c != '_' { // - . / and digits
			return false
		}
	}
	return host == strings.ToLower(host) && isPublicName(host)
}

// parseURL reads a link of a picture, video or page; nil when no app should follow it.
func parseURL(link string) *url.URL {
	link = strings.TrimSpace(link)
	if link == "" || len(link) > maxURL || strings.ContainsFunc(link, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7F || r == 0xFFFD }) {
		return nil
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	return u
}

func upgrade(u *url.URL) string {
	if !isPublicName(u.Hostname()) {
		return ""
	}
	switch port := u.Port(); {
	case port == "" || port == "443" && u.Scheme != "http" || port == "80" && u.Scheme != "https":
	default:
		return ""
	}
	u.Scheme, u.Host = "https", strings.ToLower(u.Hostname())
	out := u.String()
	if len(out) > maxURL {
		return ""
	}
	return out
}

// isPublicName reports whether host is a name of the public internet: dots, plain characters, no address in any spelling,
// none of the names that only exist at home.
func isPublicName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || len(host) > 253 || !strings.Contains(host, ".") {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(host, ".") {
		if last = label; label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	if last[0] >= '0' && last[0] <= '9' {
		return false // browsers read such a host as an IPv4 address
	}
	switch last {
	case "localhost", "local", "internal", "lan", "home", "intranet", "corp", "arpa", "onion":
		return false
	}
	return true
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// picture is the link of a picture or video, nil when there is none that an app may load.
func picture(link alibaba.Text) *string { return optional(httpsURL(string(link))) }

func pictures(links []alibaba.Text) []string {
	out := []string{}
	for _, link := range links {
		if u := httpsURL(string(link)); u != "" {
			out = append(out, u)
		}
	}
	return out
}
