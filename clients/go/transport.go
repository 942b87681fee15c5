package eventgrpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.com/event-grpc/clients/go/events"
)

// longestAnswer is how many bytes of an answer are read.
const longestAnswer = 1 << 20

// transport sends one request at a time over a connection that is kept.
type transport struct {
	client  *http.Client
	url     string
	key     string
	timeout time.Duration
}

func newTransport(o *Options) *transport {
	kept := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        o.TLS.Clone(),
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	client := &http.Client{
		Transport:     kept,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &transport{client, strings.TrimRight(o.Endpoint, "/") + events.Path, o.Key, o.Limits.RequestTimeout}
}

// post sends a request and reads its answer; what goes wrong is failed, and why.
func (t *transport) post(ctx context.Context, body []byte) answer {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return t.noAnswer(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "event-grpc-go")
	if t.key != "" {
		request.Header.Set("Authorization", "Bearer "+t.key)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return t.noAnswer(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return t.noAnswer(err)
	}
	return readAnswer(response.StatusCode, response.Header, text, t.key)
}

// noAnswer says why none came, without the address, which is known.
func (t *transport) noAnswer(err error) answer {
	if errors.Is(err, context.DeadlineExceeded) {
		return answer{failure: fmt.Sprintf("no answer: none that is complete within %v", t.timeout)}
	}
	var around *url.Error
	if errors.As(err, &around) {
		err = around.Err
	}
	return answer{failure: "no answer: " + err.Error()}
}

func (t *transport) close() {
	t.client.CloseIdleConnections()
}
