// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
/**
 * The app events, each with a builder. What isn't set is 0, false or empty; a getter returns null only if it says so, and a
 * builder takes null for what isn't set.
 *
 * <ul>
 *   <li>Signing in by phone, and the user's profile.
 *     <ul>
 *       <li>{@link PhoneVerificationInitiateEvent}
 *       <li>{@link PhoneNumberEntered}
 *       <li>{@link OTPVerifiedEvent}
 *       <li>{@link ProfileActionEvent}
 *     </ul>
 *   <li>The life of the app itself: starts, launches, sessions, notifications.
 *     <ul>
 *       <li>{@link AppStartEvent}
 *       <li>{@link LaunchEvent}
 *       <li>{@link LaunchReferEvent}
 *       <li>{@link SessionIdChangeEvent}
 *       <li>{@link NotificationActionEvent}
 *       <li>{@link TestEvent}
 *     </ul>
 *   <li>The cart.
 *     <ul>
 *       <li>{@link AddToCartEvent}
 *     </ul>
 *   <li>The highlight screen: entered, loaded, failed, acted on.
 *     <ul>
 *       <li>{@link HighlightScreenEnterEvent}
 *       <li>{@link HighlightScreenLoadedEvent}
 *       <li>{@link HighlightScreenErrorEvent}
 *       <li>{@link HighlightScreenActionEvent}
 *     </ul>
 *   <li>Taps on what surrounds a page: header, action bar, badges, hashtags.
 *     <ul>
 *       <li>{@link HeaderSearchBarClick}
 *       <li>{@link HeaderCartIconClick}
 *       <li>{@link ActionBarBagCLickEvent}
 *       <li>{@link BadgeClickEvent}
 *       <li>{@link HashTagClickEvent}
 *     </ul>
 *   <li>Pages that the backend composes: opened, loaded, failed.
 *     <ul>
 *       <li>{@link PageOpenedEvent}
 *       <li>{@link PageLoadedEvent}
 *       <li>{@link PageLoadFailedEvent}
 *     </ul>
 *   <li>Those who sell with us: affiliates and hosts.
 *     <ul>
 *       <li>{@link AffiliateActionEvent}
 *       <li>{@link HostActionEvent}
 *     </ul>
 *   <li>The product page: entered, acted on, delivery checked.
 *     <ul>
 *       <li>{@link EnterPWAProductPageEvent}
 *       <li>{@link EnterProductEvent}
 *       <li>{@link PDPTagClickEvent}
 *       <li>{@link PDPActionEvent}
 *       <li>{@link CheckDeliveryInfoEvent}
 *     </ul>
 *   <li>From the way to payment to a finished purchase, and what comes back after it.
 *     <ul>
 *       <li>{@link GoToPaymentsEvent}
 *       <li>{@link InitiatePurchaseEvent}
 *       <li>{@link CompletePurchaseEvent}
 *       <li>{@link PurchaseFailedEvent}
 *       <li>{@link ReturnExchangeFlowActionEvent}
 *     </ul>
 *   <li>Product reviews: asked for, written, edited, read.
 *     <ul>
 *       <li>{@link NudgeForReview}
 *       <li>{@link InitiateReview}
 *       <li>{@link EnterReviewScreen}
 *       <li>{@link InitiateReviewMediaUpload}
 *       <li>{@link SubmitReview}
 *       <li>{@link EditReview}
 *       <li>{@link ViewAllReviews}
 *       <li>{@link ExpandReviewImage}
 *     </ul>
 *   <li>Searching: begun, answered, result chosen.
 *     <ul>
 *       <li>{@link InitiateSearchEvent}
 *       <li>{@link SearchRequestComplete}
 *       <li>{@link CompleteSearchEvent}
 *     </ul>
 *   <li>Video streams with products: entered, watched, product chosen.
 *     <ul>
 *       <li>{@link StreamEnterEvent}
 *       <li>{@link ChooseProductEvent}
 *       <li>{@link SocialStreamEnterEvent}
 *       <li>{@link SocialStreamActionEvent}
 *     </ul>
 *   <li>Help and chat.
 *     <ul>
 *       <li>{@link HelpActionEvent}
 *       <li>{@link WhatsAppBuddyChatOpen}
 *     </ul>
 *   <li>Widgets, the blocks that a page is made of, and their elements: seen and tapped.
 *     <ul>
 *       <li>{@link WidgetViewEvent}
 *       <li>{@link WidgetCtaClickedEvent}
 *       <li>{@link WidgetElementViewEvent}
 *       <li>{@link WidgetElementClickedEvent}
 *     </ul>
 * </ul>
 */
package eventgrpc.events;
