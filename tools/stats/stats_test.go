package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuantile(t *testing.T) {
	for _, tt := range []struct {
		values        []int
		percent, want int
	}{
		{nil, 50, 0},
		{[]int{7}, 95, 7},
		{[]int{4, 1, 3, 2}, 50, 2},
		{[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 100}, 95, 100},
		{[]int{5, 9, 1}, 100, 9},
	} {
		if got := quantile(tt.values, tt.percent); got != tt.want {
			t.Errorf("quantile(%v, %d) = %d, want %d", tt.values, tt.percent, got, tt.want)
		}
	}
}

const sample = `package x

// Known is explained.
type Known interface{ Do() }

type Bare struct{}

const (
	One = 1 // one
	Two = 2
)

// F is
// explained.
func F() {
	_ = 1
}

func (Bare) M() {}
func (hidden) M() {}

type hidden struct{}
`

func TestMeasure(t *testing.T) {
	f, err := measure("a/b.go", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if f.pkg != "a" || f.interfaces != 1 || len(f.funcs) != 3 || f.funcs[0].lines != 3 {
		t.Errorf("measured %+v", f)
	}
	if got := strings.Join(f.bare, ","); got != "a/b.go:6 Bare,a/b.go:10 Two,a/b.go:19 M" {
		t.Errorf("undocumented: %s", got)
	}
}

// Generated files, test data and other modules do not count; an empty tree is an error, not a row of zeros.
func TestRun(t *testing.T) {
	root := t.TempDir()
	if err := run(root, os.Stderr); err == nil {
		t.Error("an empty tree must be an error")
	}
	write := func(name, text string) {
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a/b.go", sample)
	write("a/b_test.go", "package x\n\nfunc TestF(t *T) {\n}\n")
	write("a/api.gen.go", "not even Go")
	write("a/testdata/x.go", "not even Go")
	write("other/go.mod", "module other\n")
	write("other/x.go", "not even Go")
	var out strings.Builder
	if err := run(root, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"functions  3 outside tests: median 1, p95 3, max 3", "undocumented exported names 3", "4 lines for 22 of code", "1 test,"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
