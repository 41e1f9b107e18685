package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// transcript is every call and message since the start or reset, as JSON lines without times, tokens and signatures, so that the same
// seed and the same inputs give the same bytes. It is encoded at once into large blocks, which costs the collector nothing.
type transcript struct {
	blocks  []block
	lines   int
	dropped int
}

type block struct {
	text  []byte
	lines int
}

const (
	blockSize = 1 << 20
	maxBlocks = 64 // the oldest block goes first
)

// room is the block for the next line.
func (t *transcript) room() *block {
	if n := len(t.blocks); n > 0 && len(t.blocks[n-1].text) < blockSize {
		return &t.blocks[n-1]
	}
	if len(t.blocks) >= maxBlocks {
		t.dropped += t.blocks[0].lines
		t.blocks = slices.Delete(t.blocks, 0, 1)
	}
	size := blockSize + blockSize/8
	if t.lines == 0 {
		size = 1 << 10 // most tests write little
	}
	t.blocks = append(t.blocks, block{text: make([]byte, 0, size)})
	return &t.blocks[len(t.blocks)-1]
}

func (t *transcript) bytes() []byte {
	var out []byte
	for _, b := range t.blocks {
		out = append(out, b.text...)
	}
	return out
}

// record adds a call: what came in and what came of it. The caller holds mu.
func (s *Server) record(c *call, outcome string) {
	t := &s.transcript
	b := t.room()
	t.lines++
	b.lines++
	text := b.text
	text = append(text, '{')
	if c.api != nil {
		text = append(appendText(append(text, `"api":`...), c.api.name), ',')
	}
	args := c.args
	if c.sent != nil {
		args = c.sent
	}
	text = appendArgs(text, args)
	if c.fault != "" {
		text = append(appendText(append(text, `"fault":`...), c.fault), ',')
	}
	if len(c.note) > 0 {
		text = append(text, `"made":[`...)
		for i, n := range c.note {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendText(text, n)
		}
		text = append(text, "],"...)
	}
	text = strconv.AppendInt(append(text, `"n":`...), int64(t.lines), 10)
	text = appendText(append(text, `,"outcome":`...), outcome)
	text = append(text, "}\n"...)
	b.text = text
}

func appendArgs(text []byte, args url.Values) []byte {
	names := make([]string, 0, 16)
	for k := range args {
		switch {
		case strings.HasPrefix(k, "_aop_"):
		case k == "access_token" || k == "client_secret" || k == "refresh_token" || k == "refreshToken" || k == "code":
		default:
			names = append(names, k)
		}
	}
	if len(names) == 0 {
		return text
	}
	slices.Sort(names)
	text = append(text, `"args":{`...)
	for i, k := range names {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendText(text, k), ':')
		text = appendText(text, args[k][0])
	}
	return append(text, "},"...)
}

// recordMessage adds a message. The caller holds mu.
func (s *Server) recordMessage(m *message, fault string) {
	t := &s.transcript
	b := t.room()
	t.lines++
	b.lines++
	text := b.text
	text = append(text, '{')
	if fault != "" {
		text = append(appendText(append(text, `"fault":`...), fault), ',')
	}
	text = appendText(append(text, `"key":`...), m.Key)
	text = appendText(append(text, `,"message":`...), m.Topic)
	text = strconv.AppendInt(append(text, `,"n":`...), int64(t.lines), 10)
	text = append(text, "}\n"...)
	b.text = text
}

// addLine adds anything else that happened. The caller holds mu.
func (s *Server) addLine(line obj) {
	t := &s.transcript
	b := t.room()
	t.lines++
	b.lines++
	line["n"] = t.lines
	b.text = append(b.text, marshal(line)...)
	b.text = append(b.text, '\n')
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string; a long one becomes its hash, so that a picture does not fill the transcript.
func appendText(b []byte, s string) []byte {
	if len(s) > 1000 {
		sum := sha256.Sum256([]byte(s))
		s = "sha256:" + hex.EncodeToString(sum[:])
	}
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r) // a broken byte becomes U+FFFD
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}

func (s *Server) showTranscript(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	text, dropped := s.transcript.bytes(), s.transcript.dropped
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-ndjson;charset=UTF-8")
	if dropped > 0 {
		w.Header().Set("X-Lines-Dropped", strconv.Itoa(dropped))
	}
	_, _ = w.Write(text)
}
