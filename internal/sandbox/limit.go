package sandbox

import "time"

// bucket is a token bucket. It runs on Options.Now, which no jump, freeze or speed of the sandbox clock touches: a client that paces
// its calls does so in real time.
type bucket struct {
	rate, size, left float64
	at               time.Time
}

func newBucket(rate float64, burst int) *bucket {
	size := float64(burst)
	if burst == 0 {
		size = max(rate, 1)
	}
	return &bucket{rate: rate, size: size, left: size}
}

func (b *bucket) take(now time.Time) bool {
	if now.After(b.at) {
		if !b.at.IsZero() {
			b.left = min(b.size, b.left+now.Sub(b.at).Seconds()*b.rate)
		}
		b.at = now
	}
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

type apiLimit struct {
	pattern string
	*bucket
}

// overLimit is the frequency check, of the app and of the API. The caller holds mu.
func (s *Server) overLimit(c *call) *gatewayError {
	if c.app.bucket != nil && !c.app.bucket.take(s.opt.Now()) {
		return errFrequency
	}
	for _, l := range c.app.limits {
		if sameAPI(l.pattern, c.api.name) && !l.take(s.opt.Now()) {
			return errRequestLimit
		}
	}
	return nil
}
