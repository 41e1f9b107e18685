package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// printer shows the story: numbered titles, plain lines below them, and a bar for how far it is. Colours and the bar are
// for terminals only, so that a transcript in a file stays readable.
type printer struct {
	out      io.Writer
	colour   bool
	terminal bool
	bar      *progressbar.ProgressBar
	at, all  int
	began    time.Time
}

func newPrinter(out io.Writer, colour string) *printer {
	f, ok := out.(*os.File)
	terminal := ok && term.IsTerminal(int(f.Fd()))
	return &printer{out: out, terminal: terminal, colour: colour == "always" || (colour == "auto" && terminal)}
}

const (
	bold  = "1"
	dim   = "2"
	green = "32"
	red   = "31"
	cyan  = "36"
)

func (p *printer) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p *printer) begin(steps int) {
	p.all, p.began = steps, time.Now()
	if p.terminal {
		p.bar = progressbar.NewOptions(steps, progressbar.OptionSetWriter(p.out), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetDescription("the story"), progressbar.OptionShowCount())
	}
}

func (p *printer) step(title string) {
	p.at++
	p.line(p.paint(bold+";"+cyan, fmt.Sprintf("[%2d/%d] %s", p.at, p.all, title)))
	if p.bar != nil {
		_ = p.bar.Set(p.at - 1) // decoration only
	}
}

func (p *printer) say(format string, args ...any) {
	p.line("        " + fmt.Sprintf(format, args...))
}

// line prints above the bar.
func (p *printer) line(text string) {
	if p.bar != nil {
		_ = p.bar.Clear() // decoration only
	}
	fmt.Fprintln(p.out, text)
	if p.bar != nil {
		_ = p.bar.RenderBlank()
	}
}

func (p *printer) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	fmt.Fprintln(p.out, p.paint(bold+";"+green, fmt.Sprintf("The story came to its end in %.1f s: every push acknowledged.", time.Since(p.began).Seconds())))
}

func (p *printer) failed(err error) {
	if p.bar != nil {
		_ = p.bar.Exit()
		fmt.Fprintln(p.out)
	}
	fmt.Fprintln(p.out, p.paint(red, "        "+err.Error()))
}

// wait asks again and again until it is done, and shows what it sees when that changes.
func (p *printer) wait(ctx context.Context, patience time.Duration, what string, look func() (done bool, seen string, err error)) error {
	end, last := time.Now().Add(patience), ""
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		done, seen, err := look()
		if err != nil {
			return err
		}
		if seen != last {
			p.line(p.paint(dim, "        ... "+what+": "+seen))
			last = seen
		}
		if done {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %s for %s", patience, what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
