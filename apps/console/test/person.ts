import { openBrowser, type Visitor } from '@apex/vitest/browser';
import { DOMAIN, PASSWORD, type ServerApp } from './server.ts';

export type BrowserOptions = NonNullable<Parameters<typeof openBrowser>[0]>;

/** Somebody in front of a browser. */
export class Person implements AsyncDisposable {
  readonly page: Visitor['page'];
  readonly #visitor: Visitor;

  private constructor(visitor: Visitor) {
    this.#visitor = visitor;
    this.page = visitor.page;
  }

  /** Opens the console. */
  static async open(server: ServerApp, options: BrowserOptions = {}): Promise<Person> {
    const person = new Person(
      await openBrowser({ locale: 'en-GB', timezoneId: 'Europe/Vienna', ...options }),
    );
    await person.page.goto(server.url);
    return person;
  }

  /** Opens the console and signs in. */
  static async signedIn(server: ServerApp, name: string, options: BrowserOptions = {}): Promise<Person> {
    const person = await Person.open(server, options);
    await person.signIn(`${name}@${DOMAIN}`);
    await person.attached();
    return person;
  }

  /** What went wrong in the page: exceptions, errors on its console, violations of the Content-Security-Policy. */
  get errors(): readonly string[] {
    return this.#visitor.errors;
  }

  async signIn(endpoint: string, password = PASSWORD): Promise<void> {
    await this.page.getByLabel('Endpoint').fill(endpoint);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  attached(): Promise<void> {
    return this.page.getByTestId('connection').getByText('attached').waitFor();
  }

  /** Clicks on a view in the navigation. */
  async go(view: 'board' | 'me' | 'watchers' | 'messages' | 'wire'): Promise<void> {
    await this.page.locator(`nav a[href="#${view}"]`).click();
  }

  /** Waits until somewhere in the page stands this. */
  sees(text: string | RegExp): Promise<void> {
    return this.page.getByText(text).first().waitFor();
  }

  async subscribes(endpoint: string): Promise<void> {
    await this.go('board');
    await this.page.getByLabel('Add somebody').fill(endpoint);
    await this.page.getByRole('button', { name: 'Subscribe', exact: true }).click();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#visitor[Symbol.asyncDispose]();
  }
}
