package sandbox

import (
	"container/heap"
	"time"
)

// timer is something the platform does by itself when its time has come, on the sandbox clock.
type timer struct {
	due time.Time
	n   int64 // order of planning: equal times fire in it
	run func()
}

// timers is a heap by due time.
type timers struct {
	list []timer
	n    int64
}

func (t *timers) Len() int { return len(t.list) }

func (t *timers) Less(i, j int) bool {
	if c := t.list[i].due.Compare(t.list[j].due); c != 0 {
		return c < 0
	}
	return t.list[i].n < t.list[j].n
}

func (t *timers) Swap(i, j int) { t.list[i], t.list[j] = t.list[j], t.list[i] }

// Push is for container/heap.
func (t *timers) Push(x any) { t.list = append(t.list, x.(timer)) }

// Pop is for container/heap.
func (t *timers) Pop() any {
	last := len(t.list) - 1
	out := t.list[last]
	t.list[last] = timer{}
	t.list = t.list[:last]
	return out
}

// at plans run for a moment of the sandbox clock. A timer cannot be taken back: run must look whether it is still wanted.
// Timers are not journaled; what plans them does so again when it is replayed. The caller holds mu.
func (s *Server) at(due time.Time, run func()) {
	s.timers.n++
	if len(s.timers.list) == 0 || due.Before(s.timers.list[0].due) {
		s.wakeTicker()
	}
	heap.Push(&s.timers, timer{due, s.timers.n, run})
}

// tick fires every timer that is due, oldest first; while one runs, the sandbox clock shows its due time, so that a jump over a month
// leaves the same times behind as living through it. The caller holds mu.
func (s *Server) tick() {
	now := s.now()
	for len(s.timers.list) > 0 && !s.timers.list[0].due.After(now) {
		t := heap.Pop(&s.timers).(timer)
		s.moment = t.due
		t.run()
		s.moment = time.Time{}
	}
	s.commit()
}
