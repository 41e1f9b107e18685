package alibaba

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// verdict is what the five envelope families say about success, under all their names.
type verdict struct {
	Success      verdictBool `json:"success"`
	Code         Text        `json:"code"`
	RetCode      Text        `json:"retCode"`
	ErrorCode    Text        `json:"errorCode"`
	Message      Text        `json:"message"`
	RetMsg       Text        `json:"retMsg"`
	ErrorMessage Text        `json:"errorMessage"`
	ErrorMsg     Text        `json:"errorMsg"`
	ErroMsg      Text        `json:"erroMsg"` // 1688's spelling
	Msg          Text        `json:"msg"`     // following products
	ErrorInfo    Text        `json:"errorInfo"`
}

func first(texts ...Text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

func (v *verdict) code() string { return first(v.Code, v.RetCode, v.ErrorCode) }

func (v *verdict) message() string {
	return first(v.Message, v.RetMsg, v.ErrorMessage, v.ErrorMsg, v.ErroMsg, v.ErrorInfo, v.Msg)
}

// said reports whether there is a verdict at all.
func (v *verdict) said() bool { return v.Success != unset || v.code() != "" }

// err is nil for success. success decides; without it the code does. A gateway code is always a failure: a probe once
// took an unknown one for permission.
func (v *verdict) err() *Error {
	code := v.code()
	gateway := strings.HasPrefix(code, "gw.")
	if v.Success == no || gateway || v.Success == unset && !successCode(code) {
		return rejection(code, v.message())
	}
	return nil
}

// successCode lists the codes 1688 uses for success; null and empty count too.
func successCode(code string) bool {
	switch code {
	case "", "200", "S0000", "0":
		return true
	}
	return false
}

// level is one layer of an envelope.
type level struct {
	verdict
	Result json.RawMessage `json:"result"`
	Data   json.RawMessage `json:"data"` // the seed's place for the payload
}

// innerLevel is a result that may be a layer of its own. Reading both at once spares large answers a pass.
type innerLevel struct {
	raw   json.RawMessage
	level *level // nil unless an object
}

// UnmarshalJSON takes everything.
func (l *innerLevel) UnmarshalJSON(b []byte) error { return decode(b, l) }

func (l *innerLevel) readJSON(d *decoder) (err error) {
	start := d.pos
	l.level = nil
	if d.peek() == '{' {
		l.level = new(level)
		err = d.value(l.level)
	} else {
		_, err = d.skip()
	}
	l.raw = d.data[start:d.pos:d.pos]
	return err
}

func (l *level) payload() json.RawMessage {
	if present(l.Data) {
		return l.Data
	}
	if present(l.Result) {
		return l.Result
	}
	return nil
}

func present(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

func isObject(raw []byte) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] == '{'
}

// openLevel reads the envelope families A (also flat, also retCode), B, D and the seed's: it returns the layer that
// carries the verdict, or the failure. An answer without any verdict and without a payload is garbage.
func openLevel(body []byte) (level, error) {
	var both struct {
		verdict
		Result innerLevel      `json:"result"`
		Data   json.RawMessage `json:"data"`
	}
	if !isObject(body) {
		return level{}, errGarbage
	}
	if err := decode(body, &both); err != nil {
		return level{}, garbled(err)
	}
	outer := level{both.verdict, both.Result.raw, both.Data}
	if outer.said() {
		if err := outer.err(); err != nil {
			return outer, err
		}
	}
	if inner := both.Result.level; inner != nil && inner.said() {
		if err := inner.err(); err != nil {
			return *inner, err
		}
		return *inner, nil
	}
	if payload := outer.payload(); !outer.said() && (payload == nil || string(payload) == "{}") {
		return outer, errGarbage
	}
	return outer, nil
}

// open gives the payload of an answer, nil when there is none.
func open(body []byte) (json.RawMessage, error) {
	at, err := openLevel(body)
	if err != nil {
		return nil, err
	}
	return at.payload(), nil
}

// openAck wants a spoken success: a receipt nobody gave is no receipt.
func openAck(body []byte) error {
	at, err := openLevel(body)
	if err == nil && !at.said() {
		return errGarbage
	}
	return err
}

// openInto opens an answer whose payload must be there and decodes it. Each try starts from a zero value: nothing of a
// broken first answer may shine through the second.
func openInto[T any](v *T) func([]byte) error {
	return func(body []byte) error {
		payload, err := open(body)
		if err != nil {
			return err
		}
		if payload == nil {
			return errGarbage
		}
		var fresh T
		err = garbled(decode(payload, &fresh))
		*v = fresh
		return err
	}
}

func garbled(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errGarbage, err)
}

// gatewayFailure is the body of a refusal before (or instead of) the API's own answer.
type gatewayFailure struct {
	ErrorCode    Text `json:"error_code"`
	ErrorMessage Text `json:"error_message"`
	Exception    Text `json:"exception"`
}

// requestIDs are the names under which an answer may carry its request id.
type requestIDs struct {
	RequestID  Text `json:"request_id"`
	RequestID2 Text `json:"requestId"`
}

// readGatewayFailure finds error_code at the top of a body. The substring test spares big answers a second parse.
func readGatewayFailure(body []byte) (gatewayFailure, bool) {
	var f gatewayFailure
	if !bytes.Contains(body, []byte(`"error_code"`)) || decode(body, &f) != nil {
		return f, false
	}
	return f, !successCode(string(f.ErrorCode))
}

func readRequestID(body []byte) string {
	if !bytes.Contains(body, []byte(`"request`)) {
		return ""
	}
	var ids requestIDs
	_ = decode(body, &ids) // an unreadable body has no request id; its failure is reported elsewhere
	return clip(first(ids.RequestID, ids.RequestID2), 100)
}

// gatewayClass judges a gateway refusal by its code. ok is false when the code is the API's own.
func gatewayClass(code string) (Class, bool) {
	switch code {
	case "401", "gw.AppKeyMissing", "gw.AppKeyNotFound", "gw.SignatureMissing", "gw.SignatureInvalid", "gw.APIACLDecline":
		return Auth, true
	case "gw.QosAppFrequencyLimit", "gw.QosRequestLimit":
		return Quota, true
	}
	if strings.HasPrefix(code, "gw.Qos") {
		return Quota, true
	}
	if strings.HasPrefix(code, "gw.") {
		return Rejected, true
	}
	return Rejected, false
}
