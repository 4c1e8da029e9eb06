package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.region.Account;
import dev.firn.region.QuotaUse;
import dev.firn.region.Region;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The actions that tell of the Region, and of the caller's place in it. */
final class RegionCalls {
  private static final String COLLECTION = "Storage";
  private static final String GLOBAL = "global";

  private final Region home;

  /** Where this API is, as others reach it. */
  private final Supplier<String> endpoint;

  private final Filters<String> subregionFilters;
  private final Filters<QuotaUse> quotaFilters =
      new Filters<QuotaUse>()
          .text("Collections", Shape.text(), use -> COLLECTION)
          .text("QuotaNames", Shape.text(), use -> use.quota().text())
          .text("QuotaTypes", Shape.text(), use -> GLOBAL)
          .text("ShortDescriptions", Shape.text(), use -> use.quota().words());

  RegionCalls(Region home, Supplier<String> endpoint) {
    this.home = home;
    this.endpoint = endpoint;
    this.subregionFilters =
        new Filters<String>()
            .text("RegionNames", Shape.text(), name -> home.info().name())
            .text("States", Shape.text(), name -> "available")
            .text("SubregionNames", Shape.text(), Function.identity());
  }

  List<Action> actions() {
    return List.of(
        Action.open("ReadRegions", Action.common(), call -> this::regions),
        Action.signed(
            "ReadSubregions",
            Page.parameters(Action.common().optional("Filters", subregionFilters.shape())),
            call -> () -> subregions(call)),
        Action.signed("ReadAccounts", Action.common(), call -> () -> accounts(call)),
        Action.signed(
            "ReadQuotas",
            Page.parameters(Action.common().optional("Filters", quotaFilters.shape())),
            call -> () -> quotas(call)));
  }

  private ObjectNode regions() {
    ObjectNode answer = Call.answer();
    answer
        .putArray("Regions")
        .addObject()
        .put("Endpoint", endpoint.get())
        .put("RegionName", home.info().name());
    return answer;
  }

  private ObjectNode subregions(Call call) throws java.io.IOException {
    ObjectNode answer = Call.answer();
    List<String> names = home.info().subregions().stream().sorted().toList();
    Page.of(call.parameters(), Page.LIMIT_MAX)
        .fill(
            answer,
            "Subregions",
            Page.of(names, Function.identity()),
            subregionFilters.predicate(call.filters()),
            Function.identity(),
            name ->
                Call.answer()
                    .put("LocationCode", name)
                    .put("RegionName", home.info().name())
                    .put("State", "available")
                    .put("SubregionName", name));
    return answer;
  }

  private static ObjectNode accounts(Call call) {
    Account account = call.region().accounts().account(call.region().accountId());
    ObjectNode answer = Call.answer();
    answer
        .putArray("Accounts")
        .addObject()
        .put("AccountId", account.id())
        .put("CompanyName", account.name());
    return answer;
  }

  private ObjectNode quotas(Call call) throws java.io.IOException {
    Region region = call.region();
    Predicate<QuotaUse> predicate = quotaFilters.predicate(call.filters());
    ObjectNode page = Call.answer();
    Page.of(call.parameters(), Page.LIMIT_MAX)
        .fill(
            page,
            "Quotas",
            Page.of(
                region.accounts().quotas(region.accountId()).stream()
                    .sorted(java.util.Comparator.comparing(use -> use.quota().text()))
                    .toList(),
                use -> use.quota().text()),
            predicate,
            use -> use.quota().text(),
            use ->
                Call.answer()
                    .put("AccountId", region.accountId())
                    .put("Description", "The most " + use.quota().words() + " of the account")
                    .put("MaxValue", use.maxValue())
                    .put("Name", use.quota().text())
                    .put("QuotaCollection", COLLECTION)
                    .put("ShortDescription", use.quota().words())
                    .put("UsedValue", use.usedValue()));
    ObjectNode answer = Call.answer();
    ArrayNode types = answer.putArray("QuotaTypes");
    if (!page.get("Quotas").isEmpty()) {
      types.addObject().put("QuotaType", GLOBAL).set("Quotas", page.get("Quotas"));
    }
    if (page.has("NextPageToken")) {
      answer.set("NextPageToken", page.get("NextPageToken"));
    }
    return answer;
  }
}
