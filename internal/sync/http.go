package sync

import (
	"context"
	"net/url"

	"entrepot/internal/errs"
	"entrepot/internal/web"

	"github.com/gin-gonic/gin"
)

// Routes registers 1688's callback and the staff's view of both directions.
func (s *Service) Routes(srv *web.Server) error {
	RegisterHandlersWithOptions(srv.Engine, NewStrictHandlerWithOptions(server{s}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: web.BindFailed, HandlerErrorFunc: web.Render, ResponseErrorHandlerFunc: web.Render,
	}), GinServerOptions{ErrorHandler: web.BindError})
	return srv.Shortcut("receiveMessage", s.receive)
}

type server struct{ s *Service }

// receive takes the callback from its raw form: the signature covers every parameter, also those in the query and those
// nobody knows.
func (s *Service) receive(c *gin.Context) bool {
	form, err := url.ParseQuery(string(web.RawBody(c)))
	if err != nil {
		web.Render(c, errs.New(errs.Invalid, "callback.malformed").Because(err))
		return true
	}
	for key, values := range c.Request.URL.Query() {
		form[key] = append(form[key], values...)
	}
	if err := s.Receive(web.Context(c), form); err != nil {
		web.Render(c, err)
		return true
	}
	c.String(200, "success")
	return true
}

// ReceiveMessage is answered by receive, in front of the generated binding.
func (h server) ReceiveMessage(context.Context, ReceiveMessageRequestObject) (ReceiveMessageResponseObject, error) {
	return nil, errs.New(errs.Internal, "internal.error")
}
