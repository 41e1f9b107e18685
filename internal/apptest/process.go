package apptest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entrepot/internal/app"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// roleVar tells a re-executed test binary that it is to be the program.
const roleVar = "ENTREPOT_APPTEST_ROLE"

// stopWithin is how long a clean stop may take (promise R12 is 15 s).
const stopWithin = 20 * time.Second

// inside is the program in this process.
type inside struct {
	app    *app.App
	cancel context.CancelFunc
	done   chan error
}

func startInside(t testing.TB, role app.Role, env map[string]string, logs *buffer) *inside {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // the test's own context ends before its clean-up
	a, err := open(ctx, role, func(name string) string { return env[name] }, logs)
	if err != nil {
		cancel()
		require.NoError(t, err)
	}
	p := &inside{app: a, cancel: cancel, done: make(chan error, 1)}
	go func() { p.done <- errors.Join(a.Run(ctx), a.Close()) }()
	return p
}

func open(ctx context.Context, role app.Role, getenv func(string) string, logs io.Writer) (*app.App, error) {
	cfg, err := app.Load(getenv)
	if err != nil {
		return nil, err
	}
	return app.New(ctx, cfg, role, logs)
}

func (p *inside) stop(t testing.TB) {
	p.cancel()
	select {
	case err := <-p.done:
		assert.NoError(t, err, "the program must stop cleanly")
	case <-time.After(stopWithin):
		assert.Fail(t, "the program did not stop")
	}
}

func (p *inside) kill() error { return errors.New("only children can be killed") }

// child is the program in a process of its own: this test binary, re-executed.
type child struct {
	cmd  *exec.Cmd
	done chan error
}

func startChild(t testing.TB, role app.Role, env map[string]string, logs *buffer) *child {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = []string{fmt.Sprintf("%s=%d", roleVar, role), "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = logs, logs
	_, err = cmd.StdinPipe() // closed when this process ends, however it ends
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{cmd: cmd, done: make(chan error, 1)}
	go func() { c.done <- cmd.Wait() }()
	return c
}

func (c *child) stop(t testing.TB) {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return // gone already; kill has looked at it
	}
	select {
	case err := <-c.done:
		assert.NoError(t, err, "the child must stop cleanly")
	case <-time.After(stopWithin):
		_ = c.cmd.Process.Kill()
		assert.Fail(t, "the child did not stop")
	}
}

// kill ends the child as kill -9 does. It does not touch the test, so that a timer may call it.
func (c *child) kill() error {
	select {
	case err := <-c.done:
		return fmt.Errorf("the child had ended by itself: %w", err)
	default:
	}
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	if err := <-c.done; err == nil {
		return errors.New("the child ended by itself")
	}
	return nil
}

// Main is the TestMain of packages that use Children: it runs the program when this process is a child, else the tests.
func Main(m interface{ Run() int }, leaks func() error) {
	if role := os.Getenv(roleVar); role != "" {
		os.Exit(childMain(role))
	}
	code := m.Run()
	if code == 0 {
		if err := leaks(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func childMain(role string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		cancel()
	}()
	go func() { // the parent is gone, so nobody needs us
		_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
		os.Exit(3)
	}()
	r := app.API
	if role == fmt.Sprint(int(app.Worker)) {
		r = app.Worker
	}
	a, err := open(ctx, r, os.Getenv, os.Stderr)
	if err == nil {
		err = errors.Join(a.Run(ctx), a.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

// buffer collects what programs print while they run.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String implements fmt.Stringer.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// trouble is the end of what was printed, without the lines that say that all is well.
func (b *buffer) trouble() string {
	var lines []string
	for line := range strings.Lines(b.String()) {
		if !strings.Contains(line, `"level":"INFO"`) && !strings.Contains(line, `"route":"/readyz"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-60):], "")
}
