package dev.firn.daemon;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.firn.region.AccessKey;
import dev.firn.region.Accounts;
import dev.firn.region.Quota;
import dev.firn.region.Region;
import dev.firn.server.Actions;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The actions on accounts, and those on tags. */
final class AccountActions {
  private final Region region;
  private final Accounts accounts;

  AccountActions(Region region) {
    this.region = region;
    this.accounts = region.accounts();
  }

  record NameParameters(String name) {
    NameParameters {
      Actions.required("name", name);
    }
  }

  record LoginParameters(String email, String password) {
    LoginParameters {
      Actions.required("email", email);
      Actions.required("password", password);
    }

    /** Without the password. */
    @Override
    public String toString() {
      return email;
    }
  }

  record KeyParameters(String key) {
    KeyParameters {
      Actions.required("key", key);
    }
  }

  /** Of a key whose secret is told this once; named as the API of the Region names them. */
  record NewKey(
      @JsonProperty("AccessKeyId") String id,
      @JsonProperty("SecretKey") String secret,
      @JsonProperty("AccountId") String accountId) {}

  /** A key without its secret. */
  record Key(
      String id,
      String accountId,
      String state,
      String tag,
      Instant createdAt,
      Instant expiresAt) {}

  record QuotaParameters(String quota, Long maxValue) {
    QuotaParameters {
      Actions.required("quota", quota);
      Actions.required("maxValue", maxValue);
    }
  }

  /**
   * A quota as the API shows it.
   *
   * @param maxValue 0: no limit
   */
  record QuotaStatus(String quota, String limits, long maxValue, long usedValue) {}

  /**
   * @param tags a null value matches every value when tags are taken away
   */
  record TagsParameters(List<String> resources, Map<String, String> tags) {
    TagsParameters {
      Actions.required("resources", resources);
      Actions.required("tags", tags);
    }
  }

  void register(Actions actions) {
    actions
        .answer(
            "CreateAccount", NameParameters.class, parameters -> accounts.create(parameters.name()))
        .answer(
            "ReadAccounts", DaemonActions.None.class, none -> Map.of("accounts", accounts.all()))
        .answer("SetLogin", LoginParameters.class, this::setLogin)
        .answer("RemoveLogin", DaemonActions.None.class, none -> removeLogin())
        .answer("CreateAccessKey", DaemonActions.None.class, none -> createKey())
        .answer("ReadAccessKeys", DaemonActions.None.class, none -> keys())
        .answer("DeleteAccessKey", KeyParameters.class, this::deleteKey)
        .answer("ReadQuotas", DaemonActions.None.class, none -> quotas())
        .answer("SetQuota", QuotaParameters.class, this::setQuota)
        .answer("SetTags", TagsParameters.class, this::setTags)
        .answer("RemoveTags", TagsParameters.class, this::removeTags);
  }

  private Map<String, Object> setLogin(LoginParameters parameters) {
    accounts.logins().set(region.accountId(), parameters.email(), parameters.password());
    return Map.of();
  }

  private Map<String, Object> removeLogin() {
    accounts.logins().remove(region.accountId());
    return Map.of();
  }

  private NewKey createKey() throws IOException {
    Accounts.NewAccessKey made = accounts.createKey(region.accountId(), null, null);
    return new NewKey(made.key().id(), made.secret(), made.key().accountId());
  }

  private Map<String, Object> keys() {
    return Map.of(
        "keys", accounts.keys(region.accountId()).stream().map(AccountActions::key).toList());
  }

  private static Key key(AccessKey key) {
    return new Key(
        key.id(),
        key.accountId(),
        key.active() ? "ACTIVE" : "INACTIVE",
        key.tag(),
        key.createdAt(),
        key.expiresAt());
  }

  private Map<String, Object> deleteKey(KeyParameters parameters) {
    accounts.deleteKey(region.accountId(), parameters.key());
    return Map.of();
  }

  private Map<String, Object> quotas() {
    return Map.of(
        "quotas",
        accounts.quotas(region.accountId()).stream()
            .map(
                use ->
                    new QuotaStatus(
                        use.quota().text(), use.quota().words(), use.maxValue(), use.usedValue()))
            .toList());
  }

  private Map<String, Object> setQuota(QuotaParameters parameters) {
    accounts.setQuota(region.accountId(), Quota.named(parameters.quota()), parameters.maxValue());
    return quotas();
  }

  private Map<String, Object> setTags(TagsParameters parameters) {
    region.setTags(parameters.resources(), parameters.tags());
    return Map.of();
  }

  private Map<String, Object> removeTags(TagsParameters parameters) {
    region.removeTags(parameters.resources(), parameters.tags());
    return Map.of();
  }
}
