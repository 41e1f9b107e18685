package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5emb"
)

const (
	docsFiles   = "/docs/*file"
	metricsPath = "/metrics"
)

// readyLimit bounds a readiness probe: a part that does not answer in time is one that is missing.
const readyLimit = 2 * time.Second

// Reason is something missing. Part and Text are plain words for operators, without secrets or addresses.
type Reason struct {
	Part string `json:"part"`   // database, queue, alibaba, ...
	Text string `json:"reason"` // what is the matter
	Down bool   `json:"-"`      // true: requests cannot be answered (503); false: degraded only
}

// Health is the answer of /livez and /readyz.
type Health struct {
	Status  string   `json:"status"` // ok, degraded or unavailable
	Reasons []Reason `json:"reasons,omitempty"`
}

func (s *Server) operations() {
	e := s.Engine
	e.GET("/livez", func(c *gin.Context) { c.JSON(http.StatusOK, Health{Status: "ok"}) })
	e.GET("/readyz", s.readyz)
	spec := s.opts.Spec
	e.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", spec) })
	docs := gin.WrapH(v5emb.New("Entrepot", "/openapi.yaml", "/docs/"))
	e.GET("/docs", func(c *gin.Context) {
		c.Request.URL.Path = "/docs/" // the viewer serves its page only at its base path
		docs(c)
	})
	e.GET(docsFiles, docs)
	if s.opts.PublicMetrics {
		e.GET(metricsPath, gin.WrapH(s.Metrics()))
	}
}

func (s *Server) readyz(c *gin.Context) {
	h, status := Health{Status: "ok"}, http.StatusOK
	if s.opts.Ready != nil {
		ctx, cancel := context.WithTimeout(Context(c), readyLimit)
		defer cancel()
		h.Reasons = s.opts.Ready(ctx)
	}
	for _, r := range h.Reasons {
		if r.Down {
			h.Status, status = "unavailable", http.StatusServiceUnavailable
			break
		}
		h.Status = "degraded"
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(status, h)
}
