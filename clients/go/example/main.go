// Command example is a shop's HTTP service that tracks what is put into carts.
//
//	event-grpc demo                      # in one terminal
//	cd clients/go && go run ./example
//	curl -X POST 'http://127.0.0.1:8080/cart?product=42&quantity=2'
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"time"

	eventgrpc "example.com/event-grpc/clients/go"
	"example.com/event-grpc/clients/go/events"
)

func main() {
	client, err := eventgrpc.Open(eventgrpc.Options{
		Endpoint: cmp.Or(os.Getenv("EVENT_GRPC_ENDPOINT"), "http://127.0.0.1:8019"),
		Key:      os.Getenv("EVENT_GRPC_KEY"),
		Header:   &events.Header{ClientType: "shop", AppVersion: "1.0"},
		Storage:  os.Getenv("EVENT_GRPC_STORAGE"),
		OnGivenUp: func(event eventgrpc.GivenUp) {
			log.Printf("event %s was given up: %s %s", event.ID, event.Reason, event.Message)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "127.0.0.1:" + cmp.Or(os.Getenv("PORT"), "8080"), Handler: shop(client)}
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		log.Printf("curl -X POST 'http://%s/cart?product=42&quantity=2'", server.Addr)
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Print(err)
			stop()
		}
	}()
	<-interrupted.Done()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := errors.Join(server.Shutdown(ctx), client.Close(ctx)); err != nil {
		log.Print(err)
	}
	log.Printf("%+v", client.Counters())
}

// shop puts products into carts.
func shop(client *eventgrpc.Client) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /cart", func(w http.ResponseWriter, r *http.Request) {
		product, err := strconv.ParseInt(r.FormValue("product"), 10, 64)
		quantity, err2 := strconv.ParseInt(cmp.Or(r.FormValue("quantity"), "1"), 10, 32)
		if err := errors.Join(err, err2); err != nil {
			http.Error(w, "say ?product=NUMBER&quantity=NUMBER", http.StatusBadRequest)
			return
		}
		event := &events.AddToCartEvent{ProductID: product, Quantity: int32(quantity)}
		id, err := client.TrackWith(event, eventgrpc.Details{CurrentURL: r.URL.Path})
		if err != nil {
			// An order is taken whether its event is or not.
			log.Print(err)
		}
		fmt.Fprintln(w, "in the cart; event", id)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%+v\n", client.Counters())
	})
	return mux
}
