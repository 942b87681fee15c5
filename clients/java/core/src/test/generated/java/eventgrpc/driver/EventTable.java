// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.Event;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** Event types by name, and what makes an event of JSON, for tests. */
final class EventTable {
    static final Map<String, Function<Fields, Event>> EVENTS = new HashMap<>();

    static {
        EVENTS.put("launchEvent", AppJson::launchEvent);
        EVENTS.put("pageOpenedEvent", PageJson::pageOpenedEvent);
        EVENTS.put("pageLoadedEvent", PageJson::pageLoadedEvent);
        EVENTS.put("pageLoadFailedEvent", PageJson::pageLoadFailedEvent);
        EVENTS.put("widgetViewEvent", WidgetJson::widgetViewEvent);
        EVENTS.put("widgetCtaClickedEvent", WidgetJson::widgetCtaClickedEvent);
        EVENTS.put("widgetElementViewEvent", WidgetJson::widgetElementViewEvent);
        EVENTS.put("widgetElementClickedEvent", WidgetJson::widgetElementClickedEvent);
        EVENTS.put("enterPWAProductPageEvent", ProductJson::enterPWAProductPageEvent);
        EVENTS.put("streamEnterEvent", StreamJson::streamEnterEvent);
        EVENTS.put("chooseProductEvent", StreamJson::chooseProductEvent);
        EVENTS.put("phoneVerificationInitiateEvent", AccountJson::phoneVerificationInitiateEvent);
        EVENTS.put("phoneNumberEntered", AccountJson::phoneNumberEntered);
        EVENTS.put("otpVerifiedEvent", AccountJson::oTPVerifiedEvent);
        EVENTS.put("addToCartEvent", CartJson::addToCartEvent);
        EVENTS.put("goToPaymentsEvent", PurchaseJson::goToPaymentsEvent);
        EVENTS.put("initiatePurchaseEvent", PurchaseJson::initiatePurchaseEvent);
        EVENTS.put("completePurchaseEvent", PurchaseJson::completePurchaseEvent);
        EVENTS.put("socialStreamEnterEvent", StreamJson::socialStreamEnterEvent);
        EVENTS.put("socialStreamActionEvent", StreamJson::socialStreamActionEvent);
        EVENTS.put("enterProductEvent", ProductJson::enterProductEvent);
        EVENTS.put("launchReferEvent", AppJson::launchReferEvent);
        EVENTS.put("purchaseFailedEvent", PurchaseJson::purchaseFailedEvent);
        EVENTS.put("initiateSearchEvent", SearchJson::initiateSearchEvent);
        EVENTS.put("completeSearchEvent", SearchJson::completeSearchEvent);
        EVENTS.put("searchRequestComplete", SearchJson::searchRequestComplete);
        EVENTS.put("highlightScreenEnterEvent", HighlightJson::highlightScreenEnterEvent);
        EVENTS.put("highlightScreenLoadedEvent", HighlightJson::highlightScreenLoadedEvent);
        EVENTS.put("highlightScreenErrorEvent", HighlightJson::highlightScreenErrorEvent);
        EVENTS.put("highlightScreenActionEvent", HighlightJson::highlightScreenActionEvent);
        EVENTS.put("initiateReview", ReviewJson::initiateReview);
        EVENTS.put("enterReviewScreen", ReviewJson::enterReviewScreen);
        EVENTS.put("initiateReviewMediaUpload", ReviewJson::initiateReviewMediaUpload);
        EVENTS.put("submitReview", ReviewJson::submitReview);
        EVENTS.put("editReview", ReviewJson::editReview);
        EVENTS.put("viewAllReviews", ReviewJson::viewAllReviews);
        EVENTS.put("expandReviewImage", ReviewJson::expandReviewImage);
        EVENTS.put("nudgeForReview", ReviewJson::nudgeForReview);
        EVENTS.put("SessionIdChangeEvent", AppJson::sessionIdChangeEvent);
        EVENTS.put("checkDeliveryInfoEvent", ProductJson::checkDeliveryInfoEvent);
        EVENTS.put("pdpTagClickEvent", ProductJson::pDPTagClickEvent);
        EVENTS.put("actionBarBagCLickEvent", NavigationJson::actionBarBagCLickEvent);
        EVENTS.put("pdpActionEvent", ProductJson::pDPActionEvent);
        EVENTS.put("profileActionEvent", AccountJson::profileActionEvent);
        EVENTS.put("badgeClickEvent", NavigationJson::badgeClickEvent);
        EVENTS.put("hashTagClickEvent", NavigationJson::hashTagClickEvent);
        EVENTS.put("whatsAppBuddyChatOpen", SupportJson::whatsAppBuddyChatOpen);
        EVENTS.put("headerSearchBarClick", NavigationJson::headerSearchBarClick);
        EVENTS.put("headerCartIconClick", NavigationJson::headerCartIconClick);
        EVENTS.put("helpActionEvent", SupportJson::helpActionEvent);
        EVENTS.put("appStartEvent", AppJson::appStartEvent);
        EVENTS.put("returnExchangeFlowActionEvent", PurchaseJson::returnExchangeFlowActionEvent);
        EVENTS.put("testEvent", AppJson::testEvent);
        EVENTS.put("notificationActionEvent", AppJson::notificationActionEvent);
        EVENTS.put("affiliateActionEvent", PartnerJson::affiliateActionEvent);
        EVENTS.put("hostActionEvent", PartnerJson::hostActionEvent);
    }

    private EventTable() {}
}
