// A small shop: what a visitor does becomes events.

import { open, type Event } from "event-grpc";
import { addToCartEvent, completePurchaseEvent, enterProductEvent, pageOpenedEvent } from "event-grpc/events";

interface Product {
  id: number;
  name: string;
  price: number;
  /** What an SVG of 64 by 64 has in it. */
  picture: string;
}

const PRODUCTS: Product[] = [
  { id: 41, name: "Enamel mug", price: 14, picture: '<path d="M18 26h24v18a6 6 0 0 1-6 6H24a6 6 0 0 1-6-6z" fill="#d9694f"/><path d="M42 30h4a6 6 0 0 1 0 12h-4" fill="none" stroke="#d9694f" stroke-width="4"/>' },
  { id: 42, name: "Linen cap", price: 24, picture: '<path d="M14 40a17 17 0 0 1 34 0z" fill="#4a7fb5"/><path d="M31 40h22a4 4 0 0 1 0 6H31z" fill="#34618f"/>' },
  { id: 43, name: "Field notebook", price: 9, picture: '<rect x="18" y="12" width="30" height="40" rx="3" fill="#e0b04c"/><path d="M25 12v40M32 22h10M32 29h10" stroke="#8a6516" stroke-width="2"/>' },
  { id: 44, name: "Canvas bag", price: 32, picture: '<path d="M16 26h32l4 26H12z" fill="#7d6aa8"/><path d="M24 30V20a8 8 0 0 1 16 0v10" fill="none" stroke="#544479" stroke-width="3"/>' },
  { id: 45, name: "Desk plant", price: 19, picture: '<path d="M32 38C18 36 16 22 16 18c12 0 16 8 16 20zm0 0c0-14 6-22 18-22 0 12-6 20-18 22z" fill="#4f9d69"/><path d="M20 38h24l-4 14H24z" fill="#b8724b"/>' },
  { id: 46, name: "Bicycle bell", price: 12, picture: '<path d="M14 40a18 18 0 0 1 36 0z" fill="#98a6a0"/><rect x="12" y="40" width="40" height="5" rx="2" fill="#5f6e68"/><circle cx="32" cy="19" r="4" fill="#5f6e68"/>' },
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
  const picture = element("div", "", "picture");
  picture.innerHTML = `<svg viewBox="0 0 64 64" role="img" aria-label="${product.name}">${product.picture}</svg>`;
  picture.addEventListener("click", () => track(enterProductEvent({ productId: product.id, productName: product.name })));
  card.append(picture, element("h2", product.name), element("p", `€ ${product.price}`), button("Add to cart", () => add(product)));
  find("products").append(card);
}
find("buy").addEventListener("click", buy);
find("online").addEventListener("change", ({ target }) => client.setOnline((target as HTMLInputElement).checked));
show();
setInterval(count, 200);
track(pageOpenedEvent({ pageQueryId: crypto.randomUUID() }));
