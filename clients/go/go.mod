module example.com/event-grpc/clients/go

go 1.22
