package main

import (
	"strings"
	"testing"
)

const stream = `{"Action":"start","Package":"entrepot/internal/a"}
{"Action":"output","Package":"entrepot/internal/a","Output":"-test.shuffle 17\n"}
{"Action":"output","Package":"entrepot/internal/a","Output":"a: runs on SQLite\n"}
{"Action":"run","Package":"entrepot/internal/a","Test":"TestGood"}
{"Action":"output","Package":"entrepot/internal/a","Test":"TestGood","Output":"noise\n"}
{"Action":"pass","Package":"entrepot/internal/a","Test":"TestGood"}
{"Action":"output","Package":"entrepot/internal/a","Test":"TestSkip","Output":"    x_test.go:3: no browser here\n"}
{"Action":"skip","Package":"entrepot/internal/a","Test":"TestSkip"}
{"Action":"output","Package":"entrepot/internal/a","Output":"PASS\n"}
{"Action":"pass","Package":"entrepot/internal/a","Elapsed":1.5}
{"Action":"output","Package":"entrepot/internal/b","Test":"TestBad","Output":"    b_test.go:9: wrong\n"}
{"Action":"fail","Package":"entrepot/internal/b","Test":"TestBad"}
{"Action":"output","Package":"entrepot/internal/b","Test":"TestCut","Output":"panic: cut short\n"}
{"Action":"fail","Package":"entrepot/internal/b"}
{"Action":"build-output","ImportPath":"entrepot/internal/c","Output":"c.go:1: does not build\n"}
{"Action":"fail","Package":"entrepot/internal/c"}
{"Action":"skip","Package":"entrepot/internal/d"}
`

func TestSummary(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out)
	if err := s.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	s.end(func(name string) string { return map[string]string{"ENTREPOT_TEST_REDIS_URL": "redis://x"}[name] })
	for _, want := range []string{
		"ok   internal/a              1.5s     2 tests\n     a: runs on SQLite\n",
		"b_test.go:9: wrong", "panic: cut short", "FAIL internal/b\n", "c.go:1: does not build", "FAIL internal/c\n",
		"ran on  SQLite (temporary files) and a real Redis",
		"skipped everything on MySQL: ENTREPOT_TEST_MYSQL_DSN is not set\n",
		"skipped internal/a TestSkip: no browser here\n",
		"tests   1 passed, 2 failed, 1 skipped\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for _, not := range []string{"noise", "shuffle", "internal/d"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%q should not be in\n%s", not, out.String())
		}
	}
}

func TestLongOutputIsCut(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out)
	for range 1000 {
		s.event(event{Action: "output", Package: "p", Test: "TestLong", Output: "line\n"})
	}
	s.event(event{Action: "fail", Package: "p", Test: "TestLong"})
	if n := strings.Count(out.String(), "\n"); n != 301 || !strings.Contains(out.String(), "700 lines left out") {
		t.Errorf("%d lines", n)
	}
}

func TestCutStream(t *testing.T) {
	if err := newSummary(&strings.Builder{}).read(strings.NewReader(`{"Action":"run"`)); err == nil {
		t.Error("a stream that ends in mid-line must be an error")
	}
}
