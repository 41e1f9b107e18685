// Command testrun runs go test on the module above and says at the end what ran on what, what was skipped and why, and
// the counts. Output of tests is shown only when they fail.
//
//	go run ./testrun -tags nomsgpack -shuffle=on ./...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
)

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		signal.Ignore(os.Interrupt) // go test gets it too and ends; its last words are still printed
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(2)
	}
	s := newSummary(os.Stdout)
	readErr := s.read(out)
	waitErr := cmd.Wait()
	s.end(os.Getenv)
	if readErr != nil || waitErr != nil || s.failed > 0 || s.passed == 0 {
		fmt.Fprintln(os.Stderr, "testrun: failed", errors.Join(readErr, waitErr))
		os.Exit(1)
	}
}

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

type summary struct {
	w                       io.Writer
	output                  map[[2]string][]string // of tests and packages that are not through yet
	tests                   map[string]int         // per package
	skips                   []string
	passed, failed, skipped int
}

func newSummary(w io.Writer) *summary {
	return &summary{w: w, output: map[[2]string][]string{}, tests: map[string]int{}}
}

func (s *summary) read(r io.Reader) error {
	dec := json.NewDecoder(r)
	for {
		var e event
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		s.event(e)
	}
}

func (s *summary) event(e event) {
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "output":
		s.output[key] = append(s.output[key], e.Output)
	case "build-output":
		fmt.Fprint(s.w, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.packageDone(e, s.output[key])
		} else {
			s.testDone(e, s.output[key])
		}
		delete(s.output, key)
	}
}

func (s *summary) testDone(e event, output []string) {
	s.tests[e.Package]++
	switch e.Action {
	case "pass":
		s.passed++
	case "fail":
		s.failed++
		s.print(output)
	case "skip":
		s.skipped++
		s.skips = append(s.skips, fmt.Sprintf("%s %s: %s", short(e.Package), e.Test, reason(output)))
	}
}

// print shows what a failed test said: its beginning and its end, as a server's log in between can be endless.
func (s *summary) print(output []string) {
	const head, tail = 100, 200
	if left := len(output) - head - tail; left > 0 {
		output = slices.Concat(output[:head], []string{fmt.Sprintf("    ... %d lines left out ...\n", left)}, output[len(output)-tail:])
	}
	fmt.Fprint(s.w, strings.Join(output, ""))
}

// packageDone prints a line per package, and what it said outside its tests (which database it ran on, coverage).
func (s *summary) packageDone(e event, output []string) {
	n := s.tests[e.Package]
	if e.Action == "fail" {
		if n == 0 {
			s.failed++ // it did not build, or TestMain gave up
		}
		for key, lines := range s.output { // of a test that a crash cut short
			if key[0] == e.Package && key[1] != "" {
				s.print(lines)
			}
		}
		s.print(output)
		fmt.Fprintf(s.w, "FAIL %s\n", short(e.Package))
		return
	}
	if n == 0 {
		return // no test files
	}
	fmt.Fprintf(s.w, "ok   %-20s %6.1fs %5d tests\n", short(e.Package), e.Elapsed, n)
	for _, line := range output {
		text := strings.TrimSpace(line)
		if text != "" && text != "PASS" && !strings.HasPrefix(text, "ok ") && !strings.HasPrefix(text, "-test.shuffle") {
			fmt.Fprintf(s.w, "     %s\n", text)
		}
	}
}

// end prints what the run proved and what it did not.
func (s *summary) end(getenv func(string) string) {
	engine, redis := "SQLite (temporary files)", "the embedded Redis"
	var missing []string
	if getenv("ENTREPOT_TEST_MYSQL_DSN") != "" {
		engine = "MySQL (ENTREPOT_TEST_MYSQL_DSN) and, where a test asks for it, SQLite"
	} else {
		missing = append(missing, "everything on MySQL: ENTREPOT_TEST_MYSQL_DSN is not set")
	}
	if getenv("ENTREPOT_TEST_REDIS_URL") != "" {
		redis = "a real Redis (ENTREPOT_TEST_REDIS_URL)"
	} else {
		missing = append(missing, "everything on a real Redis: ENTREPOT_TEST_REDIS_URL is not set")
	}
	fmt.Fprintf(s.w, "\nran on  %s and %s, %s %s/%s\n", engine, redis, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, m := range append(missing, s.skips...) {
		fmt.Fprintf(s.w, "skipped %s\n", m)
	}
	fmt.Fprintf(s.w, "tests   %d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}

// reason is the text given to t.Skip: the indented "file.go:12: text" line.
func reason(output []string) string {
	for _, line := range output {
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok = strings.Cut(text, ": "); ok {
				return strings.TrimSpace(text)
			}
		}
	}
	return "no reason given"
}

func short(pkg string) string { return strings.TrimPrefix(pkg, "entrepot/") }
