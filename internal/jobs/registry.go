package jobs

import (
	"sync"
	"time"
)

// registry knows the jobs this process is running, from start until their outcome is durable.
type registry struct {
	mu   sync.Mutex
	jobs map[int64]entry
}

type entry struct {
	row   row
	since time.Time
}

// add registers r; false when the same job is already running here.
func (g *registry) add(r row) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.jobs == nil {
		g.jobs = map[int64]entry{}
	}
	if _, twice := g.jobs[r.ID]; twice {
		return false
	}
	r.Payload = ""
	g.jobs[r.ID] = entry{row: r, since: time.Now()}
	return true
}

func (g *registry) remove(id int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.jobs, id)
}

// olderThan lists what has been running for at least d.
func (g *registry) olderThan(d time.Duration) []row {
	g.mu.Lock()
	defer g.mu.Unlock()
	var rows []row
	for _, e := range g.jobs {
		if time.Since(e.since) >= d {
			rows = append(rows, e.row)
		}
	}
	return rows
}

// cachedPayload bounds what is kept of a claimed row; larger ones are read again.
const cachedPayload = 16 << 10

// cache keeps rows this process has claimed until it runs them itself, which saves the read. That is safe while the lease
// lasts: nobody else changes a leased row.
type cache struct {
	limit int
	mu    sync.Mutex
	rows  map[int64]row
}

func (c *cache) put(rows []row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		c.rows = map[int64]row{}
	}
	for _, r := range rows {
		if len(r.Payload) <= cachedPayload && len(c.rows) < c.limit {
			c.rows[r.ID] = r
		}
	}
}

// sweep drops rows that other processes have run.
func (c *cache) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, r := range c.rows {
		if time.Now().After(*r.LeaseUntil) {
			delete(c.rows, id)
		}
	}
}

// take removes and returns the row if it is of the generation and its lease still lasts for a moment.
func (c *cache) take(id int64, generation int) (row, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.rows[id]
	if ok && r.Generation <= generation {
		delete(c.rows, id)
	}
	return r, ok && r.Generation == generation && time.Until(*r.LeaseUntil) > time.Second
}
