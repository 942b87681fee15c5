package eventgrpc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/event-grpc/clients/go/events"
)

// fast are limits with which tests don't wait.
var fast = Limits{BatchWait: time.Millisecond, BackoffBase: time.Millisecond, BackoffMax: 2 * time.Millisecond}

// server answers requests with what it is given, and with success after that; it notes what it gets.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	ids     []string
	peers   map[string]bool
	answers []int
}

func serve(t *testing.T, start func(http.Handler) *httptest.Server, answers ...int) *server {
	t.Helper()
	s := &server{answers: answers, peers: map[string]bool{}}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got struct{ Events []struct{ ID string } }
		text, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(text, &got)
		}
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.peers[r.RemoteAddr] = true
		if len(s.answers) > 0 {
			status := s.answers[0]
			s.answers = s.answers[1:]
			http.Error(w, `{"message":"no"}`, status)
			return
		}
		for _, event := range got.Events {
			s.ids = append(s.ids, event.ID)
		}
		io.WriteString(w, `{"status":"SUCCESS"}`)
	}))
	t.Cleanup(s.Close)
	return s
}

func open(t *testing.T, o Options) *Client {
	t.Helper()
	o.Limits = fast
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		c.Close(ctx)
	})
	return c
}

func flush(t *testing.T, c *Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestManyGoroutinesAndEachEventOnce(t *testing.T) {
	s := serve(t, httptest.NewServer, 503, 500, 429)
	c := open(t, Options{Endpoint: s.URL})
	var mu sync.Mutex
	var ids []string
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range 100 {
				id, err := c.Track(&events.AddToCartEvent{ProductID: int64(n)})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				ids = append(ids, id)
				mu.Unlock()
			}
		}()
	}
	all.Wait()
	flush(t, c)
	slices.Sort(ids)
	slices.Sort(s.ids)
	if !slices.Equal(ids, s.ids) {
		t.Errorf("%d were taken, %d came", len(ids), len(s.ids))
	}
	if got := c.Counters(); got.Accepted != 800 || got.Retries != 3 || got.Queued != 0 {
		t.Errorf("%+v", got)
	}
	if len(s.peers) > 2 {
		t.Errorf("%d connections", len(s.peers))
	}
}

func TestWhatIsRefused(t *testing.T) {
	c := open(t, Options{Endpoint: "http://127.0.0.1:1"})
	var none *events.AddToCartEvent
	for _, event := range []events.Event{nil, none} {
		if _, err := c.Track(event); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v", err)
		}
	}
	large := strings.Repeat("x", 256<<10)
	if _, err := c.Track(&events.AddToCartEvent{CartID: large}); !errors.Is(err, ErrInvalid) {
		t.Errorf("%v", err)
	}
	if err := c.SetConsent("yes"); err == nil {
		t.Error("consent yes")
	}
	if got := c.Counters().Refused[Invalid]; got != 3 {
		t.Errorf("%d are counted", got)
	}
}

func TestACallbackThatPanicsHarmsNothing(t *testing.T) {
	s := serve(t, httptest.NewServer, 401)
	var told []GivenUp
	c := open(t, Options{Endpoint: s.URL, OnGivenUp: func(event GivenUp) {
		told = append(told, event)
		panic("oops")
	}})
	c.Track(&events.LaunchEvent{})
	flush(t, c)
	if len(told) != 1 || told[0].Reason != Refused || told[0].Status != 401 || told[0].Message != "no" {
		t.Errorf("%+v", told)
	}
	c.Track(&events.LaunchEvent{})
	flush(t, c)
	if got := c.Counters().Accepted; got != 1 {
		t.Errorf("%d accepted", got)
	}
}

func TestFlushSaysWhyItDoesNotWait(t *testing.T) {
	c := open(t, Options{Endpoint: "http://127.0.0.1:1"})
	flush(t, c)
	c.SetOnline(false)
	c.Track(&events.LaunchEvent{})
	if err := c.Flush(context.Background()); !errors.Is(err, ErrOffline) {
		t.Errorf("%v", err)
	}
	c.SetConsent(Pending)
	if err := c.Flush(context.Background()); !errors.Is(err, ErrNoConsent) {
		t.Errorf("%v", err)
	}
	c.SetConsent(Granted)
	c.SetOnline(true)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := c.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := c.Close(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second: %v", err)
	}
	if _, err := c.Track(&events.LaunchEvent{}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if got := c.Counters(); got.GivenUp[Closed] != 1 || got.Queued != 0 {
		t.Errorf("%+v", got)
	}
}

func TestCloseCutsTheRequestThatIsUnderWay(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c := open(t, Options{Endpoint: "http://" + listener.Addr().String()})
	c.Track(&events.LaunchEvent{})
	time.Sleep(50 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	c.Close(ctx)
	select {
	case <-c.sender.done:
	default:
		t.Error("the sender goes on")
	}
}

func TestWhoTheServerIsIsVerified(t *testing.T) {
	s := serve(t, httptest.NewTLSServer)
	other := open(t, Options{Endpoint: s.URL})
	other.Track(&events.LaunchEvent{})
	for end := time.Now().Add(10 * time.Second); other.Counters().Retries == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", other.Counters())
		}
	}
	if len(s.ids) > 0 || other.Counters().Accepted > 0 {
		t.Error("a server that isn't trusted got an event")
	}
	trusting := open(t, Options{Endpoint: s.URL, TLS: s.Client().Transport.(*http.Transport).TLSClientConfig})
	trusting.Track(&events.LaunchEvent{})
	flush(t, trusting)
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, o := range []Options{
		{Endpoint: "http://events.example.com"},
		{Endpoint: "ftp://localhost"},
		{Endpoint: "https://u:secret@localhost"},
		{Endpoint: "https://localhost?key=secret"},
		{Endpoint: "http://localhost", Key: "secret\r\nx: y"},
		{Endpoint: "http://localhost", Consent: "yes"},
	} {
		if _, err := Open(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", o.Endpoint, err)
		}
	}
	c := open(t, Options{Endpoint: "http://events.example.com", Insecure: true, Key: "secret"})
	if text := c.String() + c.GoString(); strings.Contains(text, "secret") {
		t.Error(text)
	}
}

func TestOneQueueBelongsToOneClient(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "queue")
	first := open(t, Options{Endpoint: "http://127.0.0.1:1", Storage: folder})
	if _, err := Open(Options{Endpoint: "http://127.0.0.1:1", Storage: folder}); !errors.Is(err, ErrQueueInUse) {
		t.Errorf("%v", err)
	}
	first.Close(context.Background())
	open(t, Options{Endpoint: "http://127.0.0.1:1", Storage: folder})
}

func TestTheFileStaysSmall(t *testing.T) {
	s := serve(t, httptest.NewServer)
	folder := t.TempDir()
	c := open(t, Options{Endpoint: s.URL, Storage: folder})
	path := filepath.Join(folder, "events")
	for n := range 300 {
		c.Track(&events.AddToCartEvent{ProductID: int64(n), CartID: strings.Repeat("x", 20_000)})
		if c.Counters().Queued > 50 {
			flush(t, c)
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 5_000_000 {
			t.Fatalf("%v %v", info, err)
		}
	}
	if err := c.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 || info.Mode()&0o077 != 0 {
		t.Errorf("%v %v", info, err)
	}
}
