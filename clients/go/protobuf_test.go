package eventgrpc

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"example.com/event-grpc/clients/go/events"
	"example.com/event-grpc/clients/go/internal/wire"
)

// reader is protobuf in Python, which reads events as JSON and prints them again.
const reader = `
import sys
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
files = descriptor_pb2.FileDescriptorSet.FromString(open("../../generated/descriptors.binpb", "rb").read())
pool = descriptor_pool.DescriptorPool()
for file in files.file:
    pool.Add(file)
event = message_factory.GetMessageClass(pool.FindMessageTypeByName("event.Event"))
for line in sys.stdin:
    print(json_format.MessageToJson(json_format.Parse(line, event()), indent=None))
`

// What protobuf reads of random events, and prints again, is what was written, but for the order of members.
func TestProtobufReadsWhatIsWritten(t *testing.T) {
	python := or(os.Getenv("PYTHON"), "python3")
	if exec.Command(python, "-c", "import google.protobuf").Run() != nil {
		t.Skip("needs Python with the package protobuf; PYTHON names another than python3")
	}
	if _, err := os.Stat("../../generated/descriptors.binpb"); err != nil {
		t.Skip("needs generated/descriptors.binpb of the project beside it")
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewSource(seed))
	var written bytes.Buffer
	for _, name := range []string{"addToCartEvent", "completePurchaseEvent", "widgetElementClickedEvent", "streamEnterEvent"} {
		of := reflect.TypeOf(events.New(name)).Elem()
		for range 200 {
			random, ok := quick.Value(of, dice)
			if !ok {
				t.Fatalf("no random %s", name)
			}
			event := reflect.New(of)
			event.Elem().Set(random)
			w := &wire.Writer{}
			w.Open()
			w.Name(name)
			event.Interface().(events.Event).WriteJSON(w)
			w.Close()
			written.Write(append(w.Buf, '\n'))
		}
	}
	expected := strings.Split(written.String(), "\n")
	run := exec.Command(python, "-c", reader)
	run.Stdin = &written
	run.Stderr = os.Stderr
	read, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(read)), "\n") {
		var got, want any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(expected[i]), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nis read as\n%s", expected[i], line)
		}
	}
}
