package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// faults happen by chance at every call to 1688; the last at every message.
var faults = []map[string]any{
	{"api": "*", "kind": "timeout_after", "delayMs": 2000},
	{"api": "*", "kind": "reset_after"},
	{"api": "*", "kind": "http_500_after"},
	{"api": "*", "kind": "quota"},
	{"kind": "duplicate", "topic": ""},
}

// chaos sets the faults; each strikes with the given probability.
func (w *world) chaos(ctx context.Context, chance float64) error {
	if chance <= 0 {
		return nil
	}
	for _, f := range faults {
		f["probability"] = chance
		if err := w.control(ctx, "/faults", f); err != nil {
			return err
		}
	}
	return nil
}

// calm ends them.
func (w *world) calm(ctx context.Context) error {
	_, err := w.exchange(ctx, http.MethodDelete, "/faults", nil)
	return err
}

// control tells the simulated 1688 what to do.
func (w *world) control(ctx context.Context, path string, body any) error {
	_, err := w.exchange(ctx, http.MethodPost, path, body)
	return err
}

// look reads what it knows.
func (w *world) look(ctx context.Context, path string, into any) error {
	answer, err := w.exchange(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

func (w *world) exchange(ctx context.Context, method, path string, body any) ([]byte, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	status, answer, err := w.send(ctx, method, w.sandbox+path, nil, text)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, status, answer)
	}
	return answer, errors.Join(err)
}
