// A small shop: what a visitor does becomes events.

import { open, type Event } from "event-grpc";
import { addToCartEvent, completePurchaseEvent, enterProductEvent, pageOpenedEvent } from "event-grpc/events";

interface Product {
  id: number;
  name: string;
  price: number;
  picture: string;
}

const PRODUCTS: Product[] = [
  { id: 41, name: "Enamel mug", price: 14, picture: "☕" },
  { id: 42, name: "Linen cap", price: 24, picture: "🧢" },
  { id: 43, name: "Field notebook", price: 9, picture: "📓" },
  { id: 44, name: "Canvas bag", price: 32, picture: "👜" },
  { id: 45, name: "Desk plant", price: 19, picture: "🪴" },
  { id: 46, name: "Bicycle bell", price: 12, picture: "🔔" },
];

const client = open({
  endpoint: location.origin,
  header: { channel: "shop", os: "web", currentURL: location.href },
  onGivenUp: ({ type, reason, message }) => log(`${type} was given up: ${message ?? reason}`),
});

const cart = new Map<Product, number>();

function track(event: Event): void {
  const taken = client.track(event, { currentURL: location.href });
  log(Object.keys(event)[0] + (taken.taken ? "" : ` was refused: ${taken.reason}`));
}

function add(product: Product): void {
  cart.set(product, (cart.get(product) ?? 0) + 1);
  track(addToCartEvent({ productId: product.id, quantity: 1, chargeableAmount: product.price, cartId: "cart-1" }));
  show();
}

function buy(): void {
  track(
    completePurchaseEvent({
      productIds: [...cart.keys()].map(({ id }) => id),
      chargeableAmount: total(),
      cartId: "cart-1",
      paymentMethod: "card",
    }),
  );
  void client.flush();
  cart.clear();
  show();
}

const total = () => [...cart].reduce((sum, [product, count]) => sum + product.price * count, 0);

const find = (id: string) => document.getElementById(id)!;

function element(tag: string, text: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function button(text: string, run: () => void): HTMLElement {
  const made = element("button", text);
  made.addEventListener("click", run);
  return made;
}

function log(text: string): void {
  find("log").prepend(element("li", text));
  while (find("log").children.length > 8) find("log").lastChild!.remove();
}

function show(): void {
  const lines = [...cart].map(([product, count]) => element("li", `${count} × ${product.name}`));
  find("cart").replaceChildren(...(lines.length ? lines : [element("li", "Nothing yet", "quiet")]));
  find("total").textContent = `€ ${total()}`;
  (find("buy") as HTMLButtonElement).disabled = !cart.size;
}

function count(): void {
  const { taken, accepted, queued, requests } = client.counters();
  for (const [name, value] of Object.entries({ taken, accepted, queued, requests })) find(name).textContent = String(value);
}

for (const product of PRODUCTS) {
  const card = element("article", "");
  const picture = element("div", product.picture, "picture");
  picture.addEventListener("click", () => track(enterProductEvent({ productId: product.id, productName: product.name })));
  card.append(picture, element("h2", product.name), element("p", `€ ${product.price}`), button("Add to cart", () => add(product)));
  find("products").append(card);
}
find("buy").addEventListener("click", buy);
find("online").addEventListener("change", ({ target }) => client.setOnline((target as HTMLInputElement).checked));
show();
setInterval(count, 200);
track(pageOpenedEvent({ pageQueryId: crypto.randomUUID() }));
